"""Settings of a study: data, methods, labels, seeds, schedule."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from glcnet_plugin.engine.run_config import CONFIGS, read_config_file
from glcnet_plugin.errors import ConfigError
from glcnet_plugin.study.validation import build, set_options


def config_file(config: str) -> Path:
    """File of a config: below the shipped ``configs``, else a path of the user."""
    shipped = CONFIGS / config
    return shipped if shipped.is_file() else Path(config)


@dataclass(frozen=True)
class Data:
    """Tiles of a study.

    Args:
        root: Labelled folder of tiles: ``images``, ``masks``, ``classes.json``, ``manifest.csv``.
        held_out: Groups of the manifest whose tiles are scored; None for the last ones by name
            that make up a fifth of the images.
        pretrain_root: Folder of images to pretrain on; None for the tiles of the other groups.
        pretrain_window: Side in pixels of windows that are drawn at random from the images of
            ``pretrain_root``, which are scenes then; an epoch has as many as would cover them all
            once. None where they are tiles.
        max_train: Maximum number of tiles to pretrain on and to draw labels from.
        max_val: Maximum number of tiles to score.
    """

    root: str
    held_out: Sequence[str] | None = None
    pretrain_root: str | None = None
    pretrain_window: int | None = None
    max_train: int = 2000
    max_val: int = 80


@dataclass(frozen=True)
class Method:
    """An initialisation.

    Args:
        name: Its key in the study's ``methods``.
        config: Pretraining config, see :func:`config_file`; None to pretrain nothing.
        checkpoint: Existing weights, such as those of ImageNet; a pretraining starts from their
            backbone.
        tile_statistics: Whether the statistics of batch normalisation are those of the study's
            training tiles before weights are probed or fine-tuned. Random weights, which have no
            statistics, are always treated so; others keep what they were trained with.
        scope: Part that the fine-tuning loads.
        network: Its network, a key of the study's ``networks``; by default the first one.
        options: Settings of the pretraining, as ``--cfg-options`` takes them.
        family: Methods of one family are variants of each other; the best baseline of a method
            is of another family.
        title: Its name in reports.
    """

    name: str = ''
    config: str | None = None
    checkpoint: str | None = None
    tile_statistics: bool = False
    scope: str = 'backbone'
    network: str = ''
    options: Mapping[str, Any] = field(default_factory=dict)
    family: str = ''
    title: str = ''

    @property
    def trained(self) -> bool:
        """Whether it loads weights; else they are random."""
        return self.config is not None or self.checkpoint is not None

    @property
    def uses_tile_statistics(self) -> bool:
        """Whether the statistics of batch normalisation are estimated on the training tiles."""
        return self.tile_statistics or not self.trained


@dataclass(frozen=True)
class Study:
    """A comparison of initialisations under one protocol.

    Args:
        name: Name of its file.
        title: Heading of the report.
        data: Tiles.
        networks: Fine-tuning config, see :func:`config_file`, by name of the network.
        methods: Initialisations.
        proposed: The method whose gain the study measures.
        labels: Label budgets: shares ('1%'), or numbers of tiles ('16').
        seeds: One draw of labels and one fine-tuning each.
        pretrain_seeds: Seeds of the pretraining; seed number i takes the i-th, in turn.
        pretrain_steps: Steps of every pretraining, rounded to whole epochs.
        pretrain_minutes: Minutes of every pretraining, in place of its steps: as many as take so
            long on the machine that runs it, see :func:`steps_within`. None for equal steps.
        finetune: Whether to fine-tune; else only the probes are run, in a third of the time.
        finetune_options: Settings of every fine-tuning.
        only: Names of the methods of this run; None for all.
        exceptions: Settings in which the pretraining of a method may differ from that of the
            proposed one, by method: prefixes of keys, with the reason.
        notes: Remarks for the readers of the report.
    """

    name: str
    title: str
    data: Data
    networks: Mapping[str, str]
    methods: Mapping[str, Method]
    proposed: str
    labels: Sequence[str]
    seeds: Sequence[int]
    pretrain_seeds: Sequence[int] = (0,)
    pretrain_steps: int = 700
    pretrain_minutes: int | float | None = None
    finetune: bool = True
    finetune_options: Mapping[str, Any] = field(default_factory=dict)
    only: Sequence[str] | None = None
    exceptions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    notes: Sequence[str] = ()

    def start_of(self, method: Method) -> str | None:
        """Name of the method that a method is compared with.

        The weights that its pretraining starts from, or whose statistics it replaces; random ones
        of the same network for others. None for random weights, and where there is no such method.
        """
        candidates = [m for m in self.methods.values() if m.network == method.network]
        if method.config is not None or method.tile_statistics:
            for other in candidates:
                kept = other.config is None and not other.tile_statistics
                if kept and other.checkpoint == method.checkpoint:
                    return other.name
        if method.trained:
            return next((other.name for other in candidates if not other.trained), None)
        return None

    @property
    def used_pretrain_seeds(self) -> list[int]:
        """Seeds of the pretrainings that are used by any seed."""
        return list(self.pretrain_seeds)[: len(self.seeds)]

    def pretrain_seed(self, seed: int) -> int:
        """Seed of the pretraining that a seed uses."""
        return self.pretrain_seeds[list(self.seeds).index(seed) % len(self.pretrain_seeds)]


def read_study(
    path: str | Path, quick: bool = False, options: Mapping[str, Any] | None = None
) -> Study:
    """Read a study.

    Args:
        path: Config with the arguments of :class:`Study`; ``methods`` by name, each with those
            of :class:`Method`. ``quick`` holds settings of a short run.
        quick: Whether to use them.
        options: Settings that override others, as ``--cfg-options`` takes them.

    Returns:
        The study.

    Raises:
        ConfigError: If the file cannot be read, a name is unknown or missing, a value of the wrong
            type, or a number out of range.
    """
    cfg = read_config_file(path)
    short = cfg.pop('quick', {})
    if quick:
        set_options(cfg, short, 'quick')
    set_options(cfg, options or {}, 'options')
    content = {key: value for key, value in cfg.to_dict().items() if not key.startswith('_')}
    for place, key in ((content, 'labels'), (content.get('data'), 'held_out')):
        if isinstance(place, dict) and isinstance(place.get(key), (list, tuple)):
            place[key] = [str(one) for one in place[key]]  # 16 is as good as '16'
    name = Path(path).stem
    study = build(Study, {'title': name, **content, 'name': name}, str(path))
    chosen = study.only or list(study.methods)
    if unknown := sorted(set(chosen) - set(study.methods)):
        raise ConfigError(
            f'{path}: method {unknown[0]!r} is unknown; choose from {", ".join(study.methods)}'
        )
    first = next(iter(study.networks), '')
    study = replace(
        study,
        methods={
            name: replace(m, name=name, title=m.title or name, network=m.network or first)
            for name in chosen
            for m in [study.methods[name]]
        },
        exceptions={name: keys for name, keys in study.exceptions.items() if name in chosen},
    )
    _check(study, str(path))
    return study


def _check(study: Study, where: str) -> None:
    """Refuse a study that cannot be run."""
    if study.proposed not in study.methods:
        raise ConfigError(
            f'{where}: proposed {study.proposed!r} is not one of the methods '
            f'{", ".join(study.methods)}'
        )
    for name, method in study.methods.items():
        if method.network not in study.networks:
            raise ConfigError(
                f'{where}: network {method.network!r} of {name} is not one of '
                f'{", ".join(study.networks)}'
            )
        if method.config:
            _check_options(method.config, method.options, f'{where}: method {name}')
    for name, config in study.networks.items():
        _check_options(config, study.finetune_options, f'{where}: network {name}')
    if study.data.pretrain_window is not None and study.data.pretrain_root is None:
        raise ConfigError(f'{where}: data.pretrain_window is for the scenes of data.pretrain_root')
    for key in ('labels', 'seeds', 'pretrain_seeds'):
        values = list(getattr(study, key))
        if not values or len(set(values)) < len(values):
            raise ConfigError(f'{where}: {key} {values}: list at least one, each only once')
    if study.pretrain_steps < 1:
        raise ConfigError(f'{where}: pretrain_steps must be at least 1, got {study.pretrain_steps}')
    if study.pretrain_minutes is not None and not study.pretrain_minutes > 0:
        raise ConfigError(
            f'{where}: pretrain_minutes must be positive, got {study.pretrain_minutes}; use None '
            'for equal steps'
        )


def _check_options(config: str, options: Mapping[str, Any], where: str) -> None:
    """See that a config exists and that options can be set in it."""
    if not config_file(config).is_file():
        raise ConfigError(f'{where}: config {config} exists neither in {CONFIGS} nor as a path')
    set_options(read_config_file(config_file(config)), options, f'{where}: options')
