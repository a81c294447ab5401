"""What to check: the datasets of a config."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from mmengine.config import Config
from mmengine.registry import DATASETS, MODELS, DefaultScope

from glcnet_plugin.datasets.analysis.check_sources import CheckInputs
from glcnet_plugin.datasets.analysis.dataset_check import TRAIN
from glcnet_plugin.datasets.analysis.sample_checks import Expectation, Issue, Sample
from glcnet_plugin.datasets.analysis.training_scale import scale_issues
from glcnet_plugin.datasets.io.labels import LabelRule
from glcnet_plugin.datasets.io.masks import IGNORE
from glcnet_plugin.datasets.scenes import UnlabeledSceneDataset
from glcnet_plugin.datasets.transforms.loading import LoadRSImage
from glcnet_plugin.datasets.transforms.pipeline_steps import pipeline_steps
from glcnet_plugin.datasets.transforms.tracked import TrackedRandomCrop
from glcnet_plugin.errors import ConfigError, GLCNetError


def inputs_from_config(cfg: Config) -> CheckInputs:
    """List the datasets of a config as its training builds them.

    Datasets in wrappers, such as ``ConcatDataset``, are listed one by one, each with what its own
    pipeline needs. A dataset whose entries name no ``img_path`` is reported and left out.

    Args:
        cfg: A config with ``train_dataloader``, and perhaps validation and test.

    Returns:
        The inputs.

    Raises:
        DataError: If the files of a dataset are missing or wrong.
        ConfigError: If a dataset is not known, or cannot be built from its settings.
    """
    inputs, first = CheckInputs(), dict[str, Any]()
    for split in (TRAIN, 'val', 'test'):
        loader = cfg.get(f'{split}_dataloader')
        if loader is None or (split == 'test' and not _is_tested(cfg)):
            continue
        for settings in _dataset_settings(loader):
            for dataset in _unwrapped(_build(settings, split, cfg)):
                _add_dataset(inputs, dataset, split, cfg)
                first.setdefault(split, dataset)
    inputs.issues += scale_issues(first.get(TRAIN), first.get('val', first.get('test')))
    inputs.issues += _check_model(cfg)
    return inputs


def _is_tested(cfg: Config) -> bool:
    """Whether a config scores test images of its own.

    A pretraining without evaluators has the loader for mmpretrain's ``FeatureExtractor`` alone.
    """
    return cfg.get('test_evaluator') != [] and cfg.test_dataloader != cfg.get('val_dataloader')


def _dataset_settings(loader: Any) -> Iterator[Any]:
    """Settings of the datasets of a loader, or of multiple loaders in a list or dict."""
    if isinstance(loader, Mapping):
        if 'dataset' in loader:
            yield loader['dataset']
            return
        loader = loader.values()
    if isinstance(loader, Iterable) and not isinstance(loader, str):
        for inner in loader:
            yield from _dataset_settings(inner)


def _build(settings: Any, split: str, cfg: Config) -> Any:
    """Build a dataset with its pipeline."""
    try:
        with DefaultScope.overwrite_default_scope(cfg.get('default_scope')):
            return DATASETS.build(settings)
    except GLCNetError:
        raise
    except Exception as error:  # datasets of others raise what they like
        reason = error.args[0] if error.args else error
        kind = type(error).__name__
        raise ConfigError(f'{split}_dataloader.dataset: {kind}: {reason}') from error


def _unwrapped(dataset: Any) -> Iterator[Any]:
    """The datasets in wrappers such as ``ConcatDataset``, ``RepeatDataset``, ``Subset``."""
    inner = getattr(dataset, 'datasets', None)
    if inner is None and hasattr(dataset, 'dataset'):
        inner = [dataset.dataset]
    if inner is None:
        yield dataset
    for part in inner or ():
        yield from _unwrapped(part)


def _add_dataset(inputs: CheckInputs, dataset: Any, split: str, cfg: Config) -> None:
    """Add the samples of a dataset."""
    entries = _entries(dataset)
    if not entries:
        text = 'its entries (get_data_info) name no img_path: its files are not checked'
        inputs.issues.append(Issue('warning', 'not_checked', split, f'{_name(dataset)}: {text}'))
        return
    classes = getattr(dataset, 'metainfo', {}).get('classes') or ()
    expected = _expectation(dataset, entries[0], len(classes) or None, cfg)
    if not inputs.samples:
        inputs.expected = expected
    inputs.classes = inputs.classes or classes
    outputs = _head(cfg).get('num_classes')
    if classes and split == TRAIN and outputs not in (None, len(classes)):
        text = f'decode_head.num_classes is {outputs}, {_name(dataset)} has {len(classes)} classes'
        inputs.issues.append(Issue('error', 'num_classes', 'config', text))
    inputs.samples += [
        Sample(
            split,
            e['img_path'],
            e.get('seg_map_path'),
            e.get('group'),
            expected,
            e.get('row') or {},
        )
        for e in entries
    ]


def _name(dataset: Any) -> str:
    """Class of a dataset."""
    return type(dataset).__name__


def _entries(dataset: Any) -> list[Mapping[str, Any]]:
    """Entries of a dataset that name an image; scenes instead of windows drawn from them."""
    if isinstance(dataset, UnlabeledSceneDataset):
        return [{'img_path': path} for path in dataset.scenes]
    if not hasattr(dataset, 'get_data_info'):
        return []
    entries = [dataset.get_data_info(index) for index in range(len(dataset))]
    return [e for e in entries if isinstance(e, Mapping) and isinstance(e.get('img_path'), str)]


def _expectation(
    dataset: Any, entry: Mapping[str, Any], num_classes: int | None, cfg: Config
) -> Expectation:
    """What network and pipeline need of the files of a dataset.

    Loaders other than ours choose and convert bands as they like: nothing is expected then.
    """
    steps = list(pipeline_steps(getattr(dataset, 'pipeline', ())))
    loader = next((step for step in steps if isinstance(step, LoadRSImage)), None)
    # the crop that refuses smaller images; those of mmseg take what there is
    crop = next((step for step in steps if isinstance(step, TrackedRandomCrop)), None)
    model = _network(cfg)
    preprocessor = model.get('data_preprocessor') or cfg.get('data_preprocessor') or {}
    mean, std = (_numbers(preprocessor.get(key)) for key in ('mean', 'std'))
    num_bands = model.get('backbone', {}).get('in_channels', len(mean) if mean else None)
    rule = LabelRule.of_entry(entry)
    if 'ignore_values' not in entry:
        rule = replace(rule, ignored=(getattr(dataset, 'ignore_index', IGNORE),))
    return Expectation(
        num_bands=num_bands if loader else None,
        bands=loader.bands if loader else None,
        alpha=loader.alpha if loader else 'data',
        band_names=loader.band_names if loader else None,
        min_size=crop.crop_size if crop else getattr(dataset, 'window_size', None),
        labels=replace(rule, num_classes=rule.num_classes or num_classes),
        colour_ids=dict(entry.get('colour_ids', {})),
        mean=mean,
        std=std,
    )


def _network(cfg: Config) -> Mapping[str, Any]:
    """Settings of the network, also of one in a model for test-time augmentation."""
    model: Mapping[str, Any] = cfg.get('model') or {}
    while isinstance(model.get('module'), Mapping):
        model = model['module']
    return model


def _head(cfg: Config) -> Mapping[str, Any]:
    """Settings of the decode head; of a cascade, the last."""
    head = _network(cfg).get('decode_head') or {}
    return head[-1] if isinstance(head, list | tuple) else head


def _check_model(cfg: Config) -> list[Issue]:
    """Build the model, as a misspelt key would stop the training."""
    if cfg.get('model') is None:
        return []
    try:
        with DefaultScope.overwrite_default_scope(cfg.get('default_scope')):
            MODELS.build(cfg.model)
    except Exception as error:  # whatever a model raises, the data can still be checked
        return [Issue('error', 'model', 'config', f'{type(error).__name__}: {error}')]
    return []


def _numbers(values: Any) -> tuple[float, ...] | None:
    """A list of a config as a tuple."""
    return None if values is None else tuple(float(value) for value in values)
