"""Changes of colour and sharpness, for any number of bands, type and unit.

They never move a pixel. Steps that need a range of values take 0..255 for uint8. Other types have
no range of their own: that of the data counts (``value_range`` of the sample, which the datasets
of this package give), else the percentiles of the image, which a bright pixel does not move.
Values that are not integers are never clipped: what a step does to ``a * x + b`` is what it does
to ``x``, times ``a`` plus ``b``, for each band.

Source of the defaults: official GLCNet code, listed in the README under "Settings".
"""

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np

from glcnet_plugin.datasets.transforms.many_bands import by_groups_of_bands
from glcnet_plugin.datasets.transforms.photometric_base import (
    Image,
    PhotometricTransform,
    WarnOnce,
    restore,
)
from glcnet_plugin.errors import ConfigError
from glcnet_plugin.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RandomHSVShift(PhotometricTransform):
    """Shift hue, saturation and value of the three colour bands.

    Images whose colours nobody names stay as they are, which is logged once: radar, indices, other
    parts of the spectrum. What names them: ``bands``, the names or the colour interpretation of
    the file (:class:`LoadRSImage` reads both), a PNG or JPEG. Of 8-bit images that another loader
    read, the first three bands are colours.

    Args:
        hue: Largest shift of hue in units of 2 degrees (OpenCV's scale of 0..180).
        saturation: Largest shift of saturation in 1/255.
        value: Largest shift of value in 1/255 of the range of values.
        bands: Indices of red, green and blue, in this order; other bands stay as they are. None
            for those that are named.
        prob: Probability of applying it.

    Raises:
        ConfigError: If ``bands`` does not name three bands, or ``prob`` is out of range.
    """

    def __init__(
        self,
        hue: float = 30,
        saturation: float = 5,
        value: float = 15,
        bands: Sequence[int] | None = None,
        prob: float = 0.5,
    ) -> None:
        super().__init__(prob)
        if bands is not None and len(bands) != 3:
            raise ConfigError(f'bands must name red, green and blue, got {tuple(bands)}')
        self.limits = np.array([hue * 2, saturation / 255, value / 255])
        self.bands = bands
        self.left_out = WarnOnce()

    def change(self, image: Image, sample: Mapping[str, Any]) -> Image:
        """Return the image with shifted colours."""
        bands = self.colours(image, sample)
        if bands is None:
            return image
        low, width = (values[bands] for values in self.value_range(image, sample))
        width = np.where(width > 0, width, np.float32(1))
        rgb = (image[..., bands].astype(np.float32) - low) / width
        inside = np.clip(rgb, 0, 1)
        hsv = cv2.cvtColor(inside, cv2.COLOR_RGB2HSV)  # 0..360, 0..1, 0..1
        hsv += np.random.uniform(-self.limits, self.limits).astype(np.float32)
        hsv[..., 0] %= 360  # hue is an angle
        limited = slice(1, 3 if np.issubdtype(image.dtype, np.integer) else 2)
        np.clip(hsv[..., limited], 0, 1, out=hsv[..., limited])
        shifted = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB) + (rgb - inside)
        changed = image.copy()
        changed[..., bands] = restore(shifted * width + low, image)
        return changed

    def colours(self, image: Image, sample: Mapping[str, Any]) -> list[int] | None:
        """Indices of red, green and blue; None where they are unknown, which is logged once.

        Args:
            image: (H, W, bands).
            sample: The sample, with ``colour_bands`` where they are known.

        Returns:
            Three indices, or None.

        Raises:
            ConfigError: If the image has fewer bands.
        """
        eight_bit = image.dtype == np.uint8 and image.shape[2] >= 3
        bands = sample.get('colour_bands', [0, 1, 2] if eight_bit else None)
        bands = bands if self.bands is None else list(self.bands)
        if bands is None:
            self.left_out(
                f'{type(self).__name__} is left out: no bands of '
                f'{sample.get("img_path", "the image")} are known as red, green and blue. Name '
                'them with band_names of LoadRSImage, or give their indices as bands'
            )
        elif max(bands) >= image.shape[2]:
            raise ConfigError(
                f'{type(self).__name__} needs the bands {bands}, the image has '
                f'{image.shape[2]}: set bands, or leave the transform out'
            )
        return bands


@TRANSFORMS.register_module()
class RandomBrightnessContrast(PhotometricTransform):
    """Scale and shift each band on its own.

    Args:
        limit: Largest relative change of contrast, and of brightness in ranges of values.
        prob: Probability of applying it.
    """

    def __init__(self, limit: float = 0.1, prob: float = 0.5) -> None:
        super().__init__(prob)
        self.limit = limit

    def change(self, image: Image, sample: Mapping[str, Any]) -> Image:
        """Return the image with changed bands."""
        bands, (_, width) = image.shape[2], self.value_range(image, sample)
        gain = 1 + np.random.uniform(-self.limit, self.limit, (bands,)).astype(np.float32)
        shift = width * np.random.uniform(-self.limit, self.limit, (bands,)).astype(np.float32)
        mean = image.mean((0, 1), dtype=np.float32)
        return restore((image - mean) * gain + mean + shift, image)


@TRANSFORMS.register_module()
class RandomPixelNoise(PhotometricTransform):
    """Replace a small share of the values of each band by random ones of its range.

    Args:
        share: Share of the values to replace.
        prob: Probability of applying it.
    """

    def __init__(self, share: float = 0.001, prob: float = 0.5) -> None:
        super().__init__(prob)
        self.share = share

    def change(self, image: Image, sample: Mapping[str, Any]) -> Image:
        """Return the image with noise."""
        where = np.random.rand(*image.shape) < self.share
        low, width = (values[np.nonzero(where)[2]] for values in self.value_range(image, sample))
        changed = image.copy()
        changed[where] = np.random.uniform(low, low + width).astype(image.dtype)
        return changed


@TRANSFORMS.register_module()
class RandomBandCopy(PhotometricTransform):
    """Copy one random band to all, the 'grey' of the official code.

    Bands of other types than uint8 may have different units: the copy is scaled from the range
    of its band to those of the others, so that no band gets values that it never has.

    Args:
        prob: Probability of applying it.
    """

    def __init__(self, prob: float = 0.1) -> None:
        super().__init__(prob)

    def change(self, image: Image, sample: Mapping[str, Any]) -> Image:
        """Return the image with all bands alike."""
        band = np.random.randint(image.shape[2])
        if image.dtype == np.uint8:
            return np.repeat(image[..., band : band + 1], image.shape[2], axis=2)
        low, width = self.value_range(image, sample)
        share = (image[..., band : band + 1] - low[band]) / (width[band] or 1)
        return restore(share * width + low, image)


@TRANSFORMS.register_module()
class RandomGaussianBlur(PhotometricTransform):
    """Blur with a Gaussian of random size.

    Args:
        kernel_sizes: Odd sizes of the kernel in pixels to choose from.
        prob: Probability of applying it.

    Raises:
        ConfigError: If a size is not odd and positive, or ``prob`` is out of range.
    """

    def __init__(self, kernel_sizes: Sequence[int] = (3, 5, 7), prob: float = 0.5) -> None:
        super().__init__(prob)
        if not kernel_sizes or any(size < 1 or size % 2 == 0 for size in kernel_sizes):
            raise ConfigError(f'kernel_sizes must be odd and positive, got {tuple(kernel_sizes)}')
        self.kernel_sizes = list(kernel_sizes)

    def change(self, image: Image, sample: Mapping[str, Any]) -> Image:
        """Return the blurred image."""
        size = int(np.random.choice(self.kernel_sizes))
        return by_groups_of_bands(lambda part: cv2.GaussianBlur(part, (size, size), 0), image)
