"""Batches of images of different sizes, which end a run when they are put together."""

from collections.abc import Iterator, Mapping
from typing import Any

from glcnet_plugin.datasets.analysis.dataset_check import TRAIN
from glcnet_plugin.datasets.analysis.sample_checks import Issue
from glcnet_plugin.datasets.io.headers import image_sizes
from glcnet_plugin.datasets.transforms.pipeline_steps import pipeline_steps
from glcnet_plugin.errors import DataError

SIZING = ('Resize', 'Crop', 'Pad')  # in the names of steps that may make sizes agree


def batch_issues(loader: Any, dataset: Any, split: str) -> Iterator[Issue]:
    """Say that images of different sizes cannot be scored in batches.

    Args:
        loader: Settings of the loader.
        dataset: Its dataset, built.
        split: 'train', 'val' or 'test'; training crops to one size.

    Yields:
        The issue, if there is one.
    """
    batch = loader.get('batch_size', 1) if isinstance(loader, Mapping) else 1
    if split == TRAIN or batch == 1 or not hasattr(dataset, 'get_data_info'):
        return
    names = [type(step).__name__ for step in pipeline_steps(getattr(dataset, 'pipeline', ()))]
    if any(part in name for name in names for part in SIZING):
        return
    infos = (dataset.get_data_info(index) for index in range(len(dataset)))
    try:
        sizes = image_sizes(i['img_path'] for i in infos if isinstance(i.get('img_path'), str))
    except DataError:
        return  # the check of the file tells
    if len(sizes) > 1:
        (size, path), (other, second) = list(sizes.items())[:2]
        text = (
            f'{path} is {size[0]}x{size[1]} px, {second} {other[0]}x{other[1]}: batches of {batch} '
            f'need one size; set {split}_dataloader.batch_size=1'
        )
        yield Issue('error', 'batch_size', 'config', text)
