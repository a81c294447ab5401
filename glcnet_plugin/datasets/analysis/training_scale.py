"""At which scale a pipeline shows images, measured on an image of coordinates."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from glcnet_plugin.datasets.analysis.sample_checks import Issue
from glcnet_plugin.datasets.io.images import image_info
from glcnet_plugin.errors import DataError

Scale = tuple[float, float]
CHANGES_SCALE = ('Resize', 'Scale', 'Crop')  # in the names of transforms
DRAWS = 8
TOLERANCE = 0.25  # more than the random scales of usual pipelines average to


def pixel_scale(pipeline: Iterable[Any], size: tuple[int, int]) -> Scale | None:
    """Mean pixels of the output for a pixel of the image.

    Args:
        pipeline: Transforms; those that resize or crop are run.
        size: Height and width of the image in pixels.

    Returns:
        Vertical and horizontal scale, 1 for a pipeline that only crops; None if a transform needs
        more than an image. The random numbers of NumPy are left as they were.
    """
    steps = [s for s in pipeline if any(word in type(s).__name__ for word in CHANGES_SCALE)]
    state = np.random.get_state()
    try:
        draws = [_measured(steps, size) for _ in range(DRAWS if steps else 1)]
    except Exception:  # transforms of others raise what they like
        return None
    finally:
        np.random.set_state(state)
    vertical, horizontal = np.mean(draws, axis=0)
    return float(vertical), float(horizontal)


def _measured(steps: Iterable[Any], size: tuple[int, int]) -> Scale:
    """Scale of one draw, from the slopes of coordinates."""
    image = np.moveaxis(np.indices(size, np.float32), 0, -1)
    sample: dict[str, Any] = {
        'img': image, 'img_shape': size, 'ori_shape': size, 'seg_fields': [],
    }  # fmt: skip
    for step in steps:
        sample = step(sample)
    y, x = sample['img'][..., 0], sample['img'][..., 1]
    return 1 / float(np.median(np.diff(y, axis=0))), 1 / float(np.median(np.diff(x, axis=1)))


def scale_issues(train: Any, scored: Any) -> list[Issue]:
    """Compare the scale at which images are trained with the one at which they are scored.

    Args:
        train: Dataset of the training, of MM or of this package.
        scored: Dataset of the validation or the test.

    Returns:
        A warning where they differ; nothing where they cannot be measured.
    """
    scales = [_scale_of(dataset) for dataset in (train, scored)]
    if None in scales:
        return []
    trained, expected = np.array(scales)
    if (np.abs(np.log(trained / expected)) < np.log1p(TOLERANCE)).all():
        return []
    text = (
        f'trains at {_shown(trained)} of the size of its images and scores at {_shown(expected)}: '
        'objects have another size in training. Use glcnet_plugin.RandomScale(factors=(0.9, 1.1)) '
        'and a crop in place of a resize to a fixed size'
    )
    return [Issue('warning', 'scale', 'config', text)]


def _scale_of(dataset: Any) -> Scale | None:
    """Scale at which a dataset shows its first image."""
    steps = getattr(getattr(dataset, 'pipeline', None), 'transforms', None)
    if steps is None or not hasattr(dataset, 'get_data_info') or not len(dataset):
        return None
    path = dataset.get_data_info(0).get('img_path')
    try:
        info = image_info(path)
    except (DataError, TypeError):  # told elsewhere, or fetched by a file backend
        return None
    return pixel_scale(steps, (info.height, info.width))


def _shown(scale: Any) -> str:
    """A scale for a message, both sides where they differ."""
    vertical, horizontal = (f'{value:.2f}' for value in scale)
    return vertical if vertical == horizontal else f'{vertical} (height) x {horizontal} (width)'
