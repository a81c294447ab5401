"""What a study says: data, methods, labels, seeds, schedule."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from mmengine.config import Config

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.study.options import set_options
from glcnet_plugin.study.value_types import check_type

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
if not (CONFIGS / 'glcnet').is_dir():  # installed: the configs lie in the package
    CONFIGS = Path(__file__).resolve().parents[1] / '.mim/configs'


@dataclass(frozen=True)
class Data:
    """Tiles of a study.

    Args:
        root: Labelled folder of tiles: ``images``, ``masks``, ``classes.json``, ``manifest.csv``.
        held_out: Groups of the manifest whose tiles are scored; None for the last ones by name
            that make up a fifth of the images.
        pretrain_root: Folder of images to pretrain on; None for the tiles of the other groups.
        max_train: Tiles to pretrain on and to draw labels from, at most.
        max_val: Tiles to score, at most.
    """

    root: str
    held_out: Sequence[str] | None = None
    pretrain_root: str | None = None
    max_train: int = 2000
    max_val: int = 80


@dataclass(frozen=True)
class Method:
    """An initialisation.

    Args:
        name: Its name.
        config: Pretraining config, below ``configs``; None if nothing is pretrained here.
        checkpoint: Weights from elsewhere, such as those of ImageNet.
        scope: Part that the fine-tuning loads.
        network: Its network, a key of the study's ``networks``.
        options: Settings of the pretraining, as ``--cfg-options`` takes them.
        family: Whose variant it is; the best baseline of a method is of another family.
        title: What reports call it.
    """

    name: str
    config: str | None = None
    checkpoint: str | None = None
    scope: str = 'backbone'
    network: str = ''
    options: Mapping[str, Any] = field(default_factory=dict)
    family: str = ''
    title: str = ''

    @property
    def trained(self) -> bool:
        """Whether weights are loaded at all."""
        return self.config is not None or self.checkpoint is not None


@dataclass(frozen=True)
class Study:
    """A comparison of initialisations under one protocol.

    Args:
        name: Name of its file.
        title: Heading of the report.
        data: Tiles.
        networks: Fine-tuning config, below ``configs``, by name of the network.
        methods: Initialisations.
        reference: The method whose gain is asked for.
        labels: Budgets: shares ('1%'), or numbers of tiles ('16').
        seeds: One draw of labels and one fine-tuning each.
        pretrain_seeds: Seeds of the pretraining; seed number i takes the i-th, in turn.
        pretrain_steps: Steps of every pretraining, rounded to whole epochs.
        finetune: Whether anything is fine-tuned; else there are the probes alone, in a third of
            the time.
        finetune_options: Settings of every fine-tuning.
        only: Names of the methods of this run; None for all.
        exceptions: Settings in which the pretraining of a method may differ from that of the
            reference, by name: beginnings of keys, with the reason.
        notes: What readers of the report should know.
    """

    name: str
    title: str
    data: Data
    networks: Mapping[str, str]
    methods: Mapping[str, Method]
    reference: str
    labels: Sequence[str]
    seeds: Sequence[int]
    pretrain_seeds: Sequence[int] = (0,)
    pretrain_steps: int = 700
    finetune: bool = True
    finetune_options: Mapping[str, Any] = field(default_factory=dict)
    only: Sequence[str] | None = None
    exceptions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    notes: Sequence[str] = ()

    def random_of(self, method: Method) -> str | None:
        """Name of the random weights of the same network; None if the study has none."""
        for name, other in self.methods.items():
            if not other.trained and other.network == method.network:
                return name
        return None

    @property
    def used_pretrain_seeds(self) -> list[int]:
        """Seeds of the pretrainings that some seed takes."""
        return list(self.pretrain_seeds)[: len(self.seeds)]

    def pretrain_seed(self, seed: int) -> int:
        """Seed of the pretraining that a seed takes."""
        return self.pretrain_seeds[list(self.seeds).index(seed) % len(self.pretrain_seeds)]


AS_WRITTEN: dict[str, Any] = {  # of what is read before the study is built
    'data': Mapping[str, Any],
    'networks': Mapping[str, str],
    'methods': Mapping[str, Mapping[str, Any]],
    'only': Study.__annotations__['only'],
    'exceptions': Study.__annotations__['exceptions'],
}


def read_study(
    path: str | Path, quick: bool = False, options: Mapping[str, Any] | None = None
) -> Study:
    """Read a study.

    Args:
        path: Config with the arguments of :class:`Study`; ``methods`` by name, each with those
            of :class:`Method`. ``quick`` holds settings of a short run.
        quick: Whether those are used.
        options: Settings that replace others, as ``--cfg-options`` takes them.

    Returns:
        The study.

    Raises:
        ConfigError: If a name is unknown or missing, a value of the wrong type, or a number out
            of range.
    """
    cfg = Config.fromfile(path)
    short = cfg.pop('quick', {})
    if quick:
        set_options(cfg, short, 'quick')
    set_options(cfg, options or {}, 'options')
    content = cfg.to_dict()
    content = {key: value for key, value in content.items() if not key.startswith('_')}
    for key, hint in AS_WRITTEN.items():
        if key in content:
            check_type(content[key], hint, f'{path}: {key}')
    if wanted := content.pop('methods', None):
        networks = content.get('networks') or {}
        first = next(iter(networks), '')
        only = content.get('only') or list(wanted)
        if unknown := sorted(set(only) - set(wanted)):
            raise ConfigError(
                f'{path}: method {unknown[0]!r} is unknown; there are {", ".join(wanted)}'
            )
        content['methods'] = {
            name: _build(
                Method, {'network': first, 'title': name, **wanted[name], 'name': name}, name
            )
            for name in only
        }
        content['exceptions'] = {
            name: keys for name, keys in content.get('exceptions', {}).items() if name in only
        }
    data = content.setdefault('data', {})
    for place, key in ((content, 'labels'), (data, 'held_out')):
        if isinstance(place.get(key), (list, tuple)):  # 16 is as good as '16'
            place[key] = [str(one) for one in place[key]]
    content['name'] = Path(path).stem
    content.setdefault('title', content['name'])
    content['data'] = _build(Data, data, 'data')
    study: Study = _build(Study, content, str(path))
    _check(study, str(path))
    return study


def _build(kind: type, settings: Mapping[str, Any], where: str) -> Any:
    """Build a dataclass, naming what is unknown or missing."""
    if unknown := sorted(set(settings) - set(kind.__annotations__)):
        known = ', '.join(kind.__annotations__)
        raise ConfigError(f'{where}: {unknown[0]!r} is unknown; there are {known}')
    try:
        built = kind(**settings)
    except TypeError as error:  # names the argument
        raise ConfigError(f'{where}: {str(error).rpartition("() ")[2]}') from error
    for key, value in settings.items():
        check_type(value, kind.__annotations__[key], f'{where}: {key}')
    return built


def _check(study: Study, where: str) -> None:
    """Refuse what cannot be run."""
    if study.reference not in study.methods:
        raise ConfigError(
            f'{where}: reference {study.reference!r} is none of the methods '
            f'{", ".join(study.methods)}'
        )
    for name, method in study.methods.items():
        if method.network not in study.networks:
            raise ConfigError(
                f'{where}: network {method.network!r} of {name} is none of '
                f'{", ".join(study.networks)}'
            )
        if method.config and not (CONFIGS / method.config).is_file():
            raise ConfigError(
                f'{where}: method {name} is unknown here: there is no {CONFIGS / method.config}'
            )
        if method.config and method.checkpoint:
            raise ConfigError(f'{where}: {name} has a config and a checkpoint: give one of them')
        if method.config:
            cfg = Config.fromfile(CONFIGS / method.config)
            set_options(cfg, method.options, f'{where}: options of {name}')
    for name, config in study.networks.items():
        if not (CONFIGS / config).is_file():
            raise ConfigError(f'{where}: network {name}: there is no {CONFIGS / config}')
        cfg = Config.fromfile(CONFIGS / config)
        set_options(cfg, study.finetune_options, f'{where}: finetune_options')
    for key in ('labels', 'seeds', 'pretrain_seeds'):
        values = list(getattr(study, key))
        if not values or len(set(values)) < len(values):
            raise ConfigError(f'{where}: {key} {values}: name one or more, none of them twice')
    if study.pretrain_steps < 1:
        raise ConfigError(f'{where}: pretrain_steps must be at least 1, got {study.pretrain_steps}')


def as_dict(study: Study) -> dict[str, Any]:
    """The study as JSON holds it."""
    return asdict(study)
