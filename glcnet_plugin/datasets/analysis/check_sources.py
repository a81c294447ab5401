"""What to examine: the datasets of a config, or folders."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.registry import DATASETS, MODELS, DefaultScope

from glcnet_plugin.datasets.analysis.dataset_check import TRAIN
from glcnet_plugin.datasets.analysis.sample_checks import Expectation, Issue, Sample
from glcnet_plugin.datasets.io.folder_format import (
    entry_name,
    mask_file,
    read_classes,
    read_manifest,
)
from glcnet_plugin.datasets.io.images import IMAGE_SUFFIXES
from glcnet_plugin.datasets.io.lists import read_list, require_once
from glcnet_plugin.datasets.io.masks import IGNORE
from glcnet_plugin.errors import ConfigError, DataError


@dataclass
class CheckInputs:
    """Samples, what to expect of them, and what was found while listing them."""

    samples: list[Sample]
    expected: Expectation
    classes: Sequence[str]
    findings: list[Issue]


def inputs_from_config(cfg: Config) -> CheckInputs:
    """List the datasets of a config as its training would build them.

    Args:
        cfg: A config with ``train_dataloader``, and perhaps validation and test.

    Returns:
        The inputs.

    Raises:
        DataError: If a dataset cannot be built.
        ConfigError: If it is not known, or does not take these arguments.
    """
    samples: list[Sample] = []
    findings: list[Issue] = []
    info: Mapping[str, Any] = {}
    classes: Sequence[str] = ()
    for split in (TRAIN, 'val', 'test'):
        loader = cfg.get(f'{split}_dataloader')
        if loader is None or (split == 'test' and loader == cfg.get('val_dataloader')):
            continue
        try:
            with DefaultScope.overwrite_default_scope(cfg.get('default_scope')):
                dataset = DATASETS.build(dict(loader.dataset, pipeline=[]))
        except (TypeError, KeyError) as error:
            raise ConfigError(f'{split}_dataloader.dataset: {error.args[0]}') from error
        infos = _infos(dataset)
        samples += _samples(infos, split)
        info = {**infos[0], **info}
        classes = classes or dataset.metainfo.get('classes') or ()
    outputs = cfg.model.get('decode_head', {}).get('num_classes')
    if classes and outputs not in (None, len(classes)):
        text = f'decode_head.num_classes is {outputs}, the dataset has {len(classes)} classes'
        findings.append(Issue('error', 'num_classes', 'config', text))
    findings += _check_model(cfg)
    return CheckInputs(samples, _expectation(cfg, info, classes), classes, findings)


def _check_model(cfg: Config) -> list[Issue]:
    """Build the model, as a misspelt key would stop the training."""
    try:
        with DefaultScope.overwrite_default_scope(cfg.get('default_scope')):
            MODELS.build(cfg.model)
    except Exception as error:  # whatever a model raises, the data are still worth a look
        return [Issue('error', 'model', 'config', f'{type(error).__name__}: {error}')]
    return []


def _infos(dataset: Any) -> list[dict[str, Any]]:
    """Entries of a dataset; scenes instead of windows drawn from them."""
    scenes = getattr(dataset, 'scenes', None)
    if scenes is not None:
        return [{'img_path': path} for path in scenes]
    return [dataset.get_data_info(index) for index in range(len(dataset))]


def _samples(infos: Iterable[Mapping[str, Any]], split: str) -> list[Sample]:
    """Samples of a split."""
    return [
        Sample(split, info['img_path'], info.get('seg_map_path'), info.get('group'))
        for info in infos
    ]


def _expectation(cfg: Config, info: Mapping[str, Any], classes: Sequence[str]) -> Expectation:
    """What model and pipeline need."""
    steps = cfg.train_dataloader.dataset.get('pipeline', [])
    loader: Mapping[str, Any] = next(
        (s for s in steps if str(s['type']).endswith('LoadRSImage')), {}
    )
    bands = loader.get('bands')
    names = loader.get('band_names')
    if bands is not None and names is not None:
        bands = [names.index(band) if isinstance(band, str) else band for band in bands]
    # the crop that refuses smaller images; that of mmseg takes what there is
    crops = [step for step in steps if str(step['type']).endswith('TrackedRandomCrop')]
    size = crops[0]['crop_size'] if crops else cfg.train_dataloader.dataset.get('window_size')
    preprocessor = cfg.model.get('data_preprocessor', {})
    label_map = info.get('label_map')
    return Expectation(
        num_bands=cfg.model.get('backbone', {}).get('in_channels', 3),
        bands=bands,
        min_size=None if size is None else (size, size) if isinstance(size, int) else tuple(size),
        num_classes=len(label_map) if label_map else len(classes) or None,
        reduce_zero_label=bool(info.get('reduce_zero_label')),
        ignored=tuple(info.get('ignore_values', (IGNORE,))),
        colour_ids=dict(info.get('colour_ids', {})),
        mean=_numbers(preprocessor.get('mean')),
        std=_numbers(preprocessor.get('std')),
    )


def _numbers(values: Any) -> tuple[float, ...] | None:
    """A list of a config as a tuple."""
    return None if values is None else tuple(float(value) for value in values)


def inputs_from_folder(folder: Path, lists: Mapping[str, Path]) -> CheckInputs:
    """List a labelled folder: images/, masks/, classes.json, manifest.csv.

    Args:
        folder: The folder.
        lists: List of names for each split; empty to take all images as 'train'.

    Returns:
        The inputs.

    Raises:
        DataError: If a description or list is missing, or a list names something unknown.
    """
    meta = read_classes(folder)
    rows = read_manifest(folder)
    groups = {row['name']: row.get('group') for row in rows}
    images, findings = _by_stem(folder / 'images')
    findings += [
        Issue('error', 'not_listed', str(path), 'is not in the manifest')
        for name, path in images.items()
        if name not in groups
    ]
    samples = []
    for split, path in lists.items() or ((TRAIN, None),):
        names = list(groups) if path is None else _listed(path, groups)
        for name in names:
            if name not in images:
                text = f'{folder / "images"} has no such image'
                findings.append(Issue('error', 'image_missing', name, text))
                continue
            mask = str(mask_file(folder, name))
            samples.append(Sample(split, str(images[name]), mask, groups[name]))
    ignored = tuple(sorted({IGNORE, meta['ignore_index']}))
    expected = Expectation(num_classes=len(meta['classes']), ignored=ignored)
    return CheckInputs(samples, expected, meta['classes'], findings)


def _listed(path: Path, names: Mapping[str, Any]) -> list[str]:
    """Names of a list, all of them known."""
    found = [entry_name(entry, names) for entry in read_list(path)]
    if strange := [name for name in found if name not in names]:
        raise DataError(f'{path} names {strange[:3]}, not in the manifest')
    require_once(found, path)
    return found


def inputs_from_pairs(images: Path, masks: Path | None, expected: Expectation) -> CheckInputs:
    """Pair the images of a folder with the masks of another by their names.

    Args:
        images: Folder of images, searched with its subfolders.
        masks: Folder of masks, or None for images without labels.
        expected: What the user says of the data.

    Returns:
        The inputs.

    Raises:
        DataError: If there are no images.
    """
    found, findings = _by_stem(images)
    labels, more = ({}, []) if masks is None else _by_stem(masks)
    if not found:
        raise DataError(f'no image below {images} ends with {", ".join(IMAGE_SUFFIXES)}')
    findings += more + [
        Issue('warning', 'mask_alone', str(path), 'has no image')
        for name, path in labels.items()
        if name not in found
    ]
    samples = []
    for name, path in found.items():
        mask = None if masks is None else str(labels.get(name, masks / f'{name}.png'))
        samples.append(Sample(TRAIN, str(path), mask))
    return CheckInputs(samples, expected, (), findings)


def _by_stem(folder: Path) -> tuple[dict[str, Path], list[Issue]]:
    """Images below a folder by their place and stem; of two with one name, the first."""
    found: dict[str, Path] = {}
    findings = []
    for path in sorted(p for p in folder.rglob('*') if p.suffix.lower() in IMAGE_SUFFIXES):
        name = path.relative_to(folder).with_suffix('').as_posix()
        if name in found:
            text = f'has the name of {found[name]}: remove one'
            findings.append(Issue('error', 'name_twice', str(path), text))
        else:
            found[name] = path
    return found, findings
