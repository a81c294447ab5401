"""The labelled pixels that a probe learns from and is scored on."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from mmengine.registry import DATASETS
from numpy.typing import NDArray
from torch import Tensor

from glcnet_plugin.datasets.io.masks import IGNORE
from glcnet_plugin.errors import DataError, NonFiniteError
from glcnet_plugin.evaluation.pixel_sampling import sample_labelled
from glcnet_plugin.models.utils.pixel_features import PixelFeatures, normalise

Cfg = dict[str, Any]
# serialize_data: an empty dataset cannot be serialised, and is to be refused with its config
DEFAULTS: Cfg = {
    'pipeline': [
        {'type': 'glcnet_plugin.LoadRSImage'},
        {'type': 'glcnet_plugin.LoadRSMask'},
        {'type': 'mmseg.PackSegInputs'},
    ],
    'test_mode': True,
    'serialize_data': False,
}


class LabelledPixels(NamedTuple):
    """Some pixels of an image: (bands, H, W), (P, 2) x and y of pixel indices, (P,) classes."""

    image: Tensor
    points: Tensor
    labels: NDArray[np.int64]


class ProbeSets(NamedTuple):
    """Both sets of a probe, and the names of the classes."""

    train: list[LabelledPixels]
    val: list[LabelledPixels]
    classes: list[str]


def read_probe_sets(train: Cfg, val: Cfg, pixels: int) -> ProbeSets:
    """Read two datasets, and choose pixels of every image.

    Args:
        train: Config of a dataset, which may wrap others, as ``ConcatDataset`` does.
        val: The same.
        pixels: Pixels that are drawn per image.

    Returns:
        The labelled ones among these pixels.

    Raises:
        DataError: If a set is empty or shows one class only, or both share an image or differ in
            classes.
    """
    sets, classes, paths = {}, {}, {}
    for name, config in (('train', train), ('val', val)):
        dataset: Any = DATASETS.build(with_defaults(config))
        if not len(dataset):
            raise DataError(f'the {name} set of the probe holds no image: {config}')
        classes[name] = list(dataset.metainfo['classes'])
        samples = [dataset[index] for index in range(len(dataset))]
        paths[name] = {sample['data_samples'].img_path for sample in samples}
        sets[name] = [choose_pixels(sample, pixels) for sample in samples]
        _require_two_classes(sets[name], classes[name], name)
    if classes['train'] != classes['val']:
        raise DataError(
            f'the sets of the probe differ in classes: {classes["train"]} for training, '
            f'{classes["val"]} for validation'
        )
    if both := sorted(paths['train'] & paths['val']):
        raise DataError(f'both sets of the probe hold {both[:3]}: list each image in one')
    return ProbeSets(sets['train'], sets['val'], classes['train'])


def with_defaults(config: Cfg) -> Cfg:
    """Config of a dataset with the pipeline of a probe; of a wrapper, in the datasets inside."""
    if 'datasets' in config:
        return {**config, 'datasets': [with_defaults(part) for part in config['datasets']]}
    if 'dataset' in config:
        return {**config, 'dataset': with_defaults(config['dataset'])}
    return {**DEFAULTS, **config}


def choose_pixels(sample: dict[str, Any], count: int) -> LabelledPixels:
    """Draw labelled pixels of an image.

    Args:
        sample: Output of mmseg's ``PackSegInputs``.
        count: Pixels that are drawn, see :func:`sample_labelled`.

    Returns:
        The image and its pixels.
    """
    mask = sample['data_samples'].gt_sem_seg.data[0].numpy()
    name = Path(sample['data_samples'].img_path).stem
    points, labels = sample_labelled(mask, name, count, IGNORE)
    return LabelledPixels(sample['inputs'], torch.from_numpy(points), labels)


def extract(
    features: PixelFeatures, part: Sequence[LabelledPixels]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Features (N, F) and classes (N,) of the labelled pixels of some images.

    Raises:
        NonFiniteError: If the features hold NaN or infinity.
    """
    parts = []
    for image, points, _ in part:
        x = normalise(features.model, image[None])
        parts.append(features.at(x, points[None].to(x.device))[0].float().cpu())
    values = torch.cat(parts)
    if not values.isfinite().all():
        raise NonFiniteError(
            'the features of the probe hold NaN or infinity: the network has diverged; lower '
            'the learning rate, or start again from an earlier checkpoint'
        )
    return values.numpy(), np.concatenate([pixels.labels for pixels in part])


def _require_two_classes(part: list[LabelledPixels], classes: list[str], name: str) -> None:
    """Refuse a set whose pixels show fewer than two classes."""
    shown = np.unique(np.concatenate([pixels.labels for pixels in part])).tolist()
    if len(shown) < 2:
        raise DataError(
            f'the {name} set of the probe shows {len(shown)} class '
            f'{[classes[index] for index in shown]} of {classes}, in {len(part)} images: '
            'two or more are needed, label more images or draw more pixels'
        )
