"""One folder of data, set in every place of a config that depends on it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.logging import print_log
from mmengine.registry import DATASETS, MODELS, DefaultScope
from mmseg.datasets import BaseSegDataset

from glcnet_plugin.checkpoints.safe_load import read_weights
from glcnet_plugin.datasets.analysis.band_settings import (
    BANDS,
    NAMES,
    RGB,
    band_settings,
    require_order,
)
from glcnet_plugin.datasets.scenes import UnlabeledSceneDataset
from glcnet_plugin.errors import ConfigError
from glcnet_plugin.models.data_preprocessors.multiband import MultiBandMixin

LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')
# Methods that count bands elsewhere, or in more places.
BAND_KEYS = {
    'MAE': (
        'model.backbone.patch_cfg.in_channels', 'model.neck.in_chans', 'model.head.in_channels',
    ),
    'Inpainting': (BANDS, 'model.decode_head.num_classes'),
}  # fmt: skip


def set_data_root(
    cfg: Config,
    root: str | Path,
    loader: str = 'train_dataloader',
    checkpoint: str | None = None,
) -> None:
    """Set the folder of all datasets, and what of the model follows from its images and classes.

    The number of classes goes into every decode head, the number of bands and their means and
    standard deviations into the model, and their names, if all images say the same. For 8-bit RGB,
    the numbers of the config stay. A dataset without labels gets the ``images`` of a labelled
    folder: one with ``classes.json``, or with ``masks`` beside them.

    Args:
        cfg: Config of a run, which is changed.
        root: The folder.
        loader: Key of the data loader whose dataset is read.
        checkpoint: Checkpoint to score: the model normalises bands as in its training, if it says
            how. None to go by the images.

    Raises:
        ConfigError: If the folder is missing, or a data loader reads more than one folder.
        DataError: If the folder does not contain what the dataset reads, or its images name bands
            in different orders.
    """
    root = Path(root).expanduser()
    if not root.is_dir():
        raise ConfigError(f'data root {root} is not a folder: give an existing one')
    with DefaultScope.overwrite_default_scope(cfg.get('default_scope')):
        for name in LOADERS:
            _set_folder(cfg, name, root)
        first = next(dataset_settings(cfg[loader].dataset))
        dataset = DATASETS.build({**first, 'pipeline': []})
    classes = len(dataset.metainfo.get('classes') or ())
    if classes:
        set_num_classes(cfg.model, classes)
    content = read_weights(checkpoint) if checkpoint else {}
    _check_classifier(content.get('state_dict', content), classes, f'{checkpoint}', root)
    bands = (content.get('meta') or {}).get('bands')
    paths = sorted({dataset.get_data_info(i)['img_path'] for i in range(len(dataset))})
    step = next(iter(_loading_steps(first)), {})
    read = {key: step[key] for key in ('bands', 'alpha', 'band_names') if key in step}
    if bands is None:
        settings = band_settings(paths, network_bands=_network_bands(cfg), **read)
    else:
        if bands['names']:
            require_order(bands['names'], str(checkpoint), paths, **read)
        settings = {
            BANDS: len(bands['mean']),
            'model.data_preprocessor.mean': bands['mean'],
            'model.data_preprocessor.std': bands['std'],
            NAMES: bands['names'],
        }
    set_bands(cfg, settings)
    labels = f'{classes} classes, ' if classes else ''
    content_text = f'{len(dataset)} images'
    if isinstance(dataset, UnlabeledSceneDataset):
        content_text = f'{len(dataset.scenes)} scenes, {len(dataset)} windows an epoch'
    print_log(f'data root {root}: {content_text}, {labels}{_network_bands(cfg)} bands')


def unused_data_root(cfg: Config) -> str | None:
    """The ``data_root`` at the top of a config, if no dataset reads it; else None."""
    root = cfg.get('data_root')
    used = [
        dataset.get('data_root')
        for name in LOADERS
        for dataset in dataset_settings((cfg.get(name) or {}).get('dataset'))
    ]
    return root if used and root not in used else None


def dataset_settings(settings: Any) -> Iterator[dict[str, Any]]:
    """Settings of the datasets themselves, below wrappers such as ``ConcatDataset``."""
    if not settings:
        return
    inner = settings.get('datasets', settings.get('dataset'))
    if inner is None:
        yield settings
        return
    for part in inner if isinstance(inner, list | tuple) else [inner]:
        yield from dataset_settings(part)


def set_num_classes(model: Any, classes: int) -> None:
    """Set the number of classes in every head of a segmentation network.

    Args:
        model: Its config, which is changed.
        classes: Number of classes.
    """
    model = model.get('module', model)  # inside a model of test-time augmentation
    for key in ('decode_head', 'auxiliary_head'):
        heads = model.get(key) or []
        for head in heads if isinstance(heads, list | tuple) else [heads]:
            head['num_classes'] = classes


def _set_folder(cfg: Config, name: str, root: Path) -> None:
    """Set the folder of the datasets of a data loader."""
    datasets = list(dataset_settings((cfg.get(name) or {}).get('dataset')))
    folders = {dataset.get('data_root') for dataset in datasets}
    if len(folders) > 1:
        raise ConfigError(
            f'{name} reads {len(folders)} folders, {sorted(map(str, folders))}: set the data_root '
            'of each in the config, not --data-root'
        )
    for dataset in datasets:
        with DATASETS.switch_scope_and_registry(None) as registry:
            kind = registry.get(dataset['type'])
        labelled = isinstance(kind, type) and issubclass(kind, BaseSegDataset)
        tiles = not labelled and _holds_masks(root)
        dataset['data_root'] = str(root / 'images' if tiles else root)


def _holds_masks(root: Path) -> bool:
    """Whether a folder is a labelled one, whose masks are no images to pretrain on."""
    beside = (root / 'images').is_dir() and (root / 'masks').is_dir()
    return beside or (root / 'classes.json').is_file()


def _check_classifier(state: dict[str, Any], classes: int, checkpoint: str, root: Path) -> None:
    """Refuse to score a classifier of other classes, which mmengine would leave at random."""
    for key, value in state.items():
        if key.endswith('decode_head.conv_seg.weight') and len(value) not in (1, classes):
            raise ConfigError(
                f'{checkpoint} was trained with {len(value)} classes, {root} has {classes}: score '
                'it on data with the same classes'
            )


def _loading_steps(dataset: dict[str, Any]) -> list[dict[str, Any]]:
    """Steps of a pipeline that read images."""
    steps = dataset.get('pipeline') or []
    return [step for step in steps if str(step['type']).endswith('LoadRSImage')]


def _network(cfg: Config) -> Any:
    """Settings of the network, also inside a model of test-time augmentation."""
    return cfg.model.get('module', cfg.model)


def _network_bands(cfg: Config) -> int:
    """Number of bands that the model of a config normalises."""
    return len(_network(cfg).get('data_preprocessor', {}).get('mean') or RGB * [0])


def set_bands(cfg: Config, settings: dict[str, Any]) -> None:
    """Set number, means, deviations and names of the bands, where the method of a config has them.

    Args:
        cfg: Config of a run, which is changed.
        settings: See :func:`band_settings`.
    """
    merged = dict(settings)
    count = merged.pop(BANDS, None)
    if count is not None:
        names = _network(cfg).get('data_preprocessor', {}).get('band_names')
        if names is not None and len(names) != count:
            merged.setdefault(NAMES, None)
        keys = BAND_KEYS.get(str(_network(cfg).type).rpartition('.')[2], (BANDS,))
        merged.update(dict.fromkeys(keys, count))
    if not _keeps_names(cfg):
        merged.pop(NAMES, None)
    inside = 'model.module.' if 'module' in cfg.model else 'model.'
    cfg.merge_from_dict({key.replace('model.', inside, 1): merged[key] for key in merged})
    if count is None:
        return
    for name in LOADERS:
        for dataset in dataset_settings((cfg.get(name) or {}).get('dataset')):
            for step in _loading_steps(dataset):
                if step.get('num_bands'):
                    step['num_bands'] = count


def _keeps_names(cfg: Config) -> bool:
    """Whether the data preprocessor of a config takes names of bands; those of MM do not."""
    kind = (_network(cfg).get('data_preprocessor') or {}).get('type')
    if isinstance(kind, str):
        scope = DefaultScope.overwrite_default_scope(cfg.get('default_scope'))
        with scope, MODELS.switch_scope_and_registry(None) as registry:
            kind = registry.get(kind)
    return isinstance(kind, type) and issubclass(kind, MultiBandMixin)
