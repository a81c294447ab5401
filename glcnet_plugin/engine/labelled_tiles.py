"""The images and labels of a dataset as its files hold them, without augmentation."""

from collections.abc import Iterator
from typing import Any

from mmseg.datasets.transforms import PackSegInputs

from glcnet_plugin.errors import ConfigError

Sample = dict[str, Any]


def base_datasets(dataset: Any) -> Iterator[Any]:
    """The datasets inside of wrappers (``ConcatDataset``, ``RepeatDataset``), each once.

    Args:
        dataset: A built dataset of MM.

    Yields:
        Those that read files.

    Raises:
        ConfigError: If one is not a dataset of MM.
    """
    parts = getattr(dataset, 'datasets', None)
    if parts is None and hasattr(dataset, 'dataset'):
        parts = [dataset.dataset]
    if parts is not None:
        for part in parts:
            yield from base_datasets(part)
    elif hasattr(dataset, 'get_data_info') and hasattr(dataset, 'pipeline'):
        yield dataset
    else:
        raise ConfigError(
            f'{type(dataset).__name__} has no pipeline whose loading steps could be used alone: '
            "derive it from mmseg's BaseSegDataset"
        )


def loading_steps(dataset: Any) -> list[Any]:
    """Those steps of the pipeline of a dataset that read files: their names begin with 'Load'."""
    steps = dataset.pipeline.transforms
    return [step for step in steps if type(step).__name__.startswith('Load')]


def load_image(dataset: Any, info: Sample) -> Any:
    """Read an image as a dataset does.

    Args:
        dataset: Whose loading steps are used.
        info: The sample, with ``img_path``; it need not be one of the dataset.

    Returns:
        (H, W, bands).

    Raises:
        ConfigError: If no step gives an image.
    """
    for step in loading_steps(dataset):
        info = step(info)
        if 'img' in info:
            return info['img']
    raise ConfigError(f'no step of the pipeline of {type(dataset).__name__} loads an image')


def labelled_samples(dataset: Any) -> Iterator[Sample]:
    """Read the images and labels of a dataset one by one.

    Args:
        dataset: A built dataset of MM, or a wrapper.

    Yields:
        Output of mmseg's ``PackSegInputs``.

    Raises:
        ConfigError: If it is not a dataset of MM.
    """
    pack = PackSegInputs()
    for part in base_datasets(dataset):
        steps = loading_steps(part)
        for index in range(len(part)):
            sample = part.get_data_info(index)
            for step in steps:
                sample = step(sample)
            yield pack(sample)
