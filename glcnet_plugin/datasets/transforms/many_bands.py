"""OpenCV takes at most 128 channels in blur and resize since version 5."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAX_CHANNELS = 128
Image = NDArray[Any]


def by_groups_of_bands(function: Callable[[Image], Image], image: Image) -> Image:
    """Apply a function of OpenCV that treats bands alike to groups of bands.

    Args:
        function: Takes and returns an image; OpenCV may drop the axis of a single band.
        image: (H, W, bands).

    Returns:
        What the function gives for all bands, (H', W', bands).
    """
    starts = range(0, image.shape[2], MAX_CHANNELS)
    groups = (np.ascontiguousarray(image[..., i : i + MAX_CHANNELS]) for i in starts)
    changed = [np.atleast_3d(function(group)) for group in groups]
    return changed[0] if len(changed) == 1 else np.concatenate(changed, axis=2)


class ManyBandsMixin:
    """Let a transform of MM, before which it is mixed in, take any number of bands.

    The transform runs on groups of bands, each time with the same random numbers.
    """

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Run the transform of MM.

        Args:
            results: The sample, with ``img`` (H, W, bands).

        Returns:
            The sample as the transform of MM changes it.
        """
        transform: Callable[..., dict[str, Any]] = super().transform  # type: ignore[misc]
        image = results['img']
        if image.ndim == 2 or image.shape[2] <= MAX_CHANNELS:
            return transform(results)
        state = np.random.get_state()
        done: list[dict[str, Any]] = []

        def run(group: Image) -> Image:
            np.random.set_state(state)
            done.append(transform({**results, 'img': group}))
            changed: Image = done[-1]['img']
            return changed

        whole = by_groups_of_bands(run, image)
        return {**done[-1], 'img': whole, 'img_shape': whole.shape[:2]}
