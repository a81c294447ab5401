"""Changes of colour and sharpness, for any number of bands, type and unit.

They never move a pixel. Steps that need a range of values take 0..255 for uint8. Other types have
no range of their own: that of the data counts (``value_range`` of the sample, which the datasets
of this package give), else the percentiles of the image, which a bright pixel does not move.
Values that are not integers are never clipped: what a step does to ``a * x + b`` is what it does
to ``x``, times ``a`` plus ``b``, for each band.

Source of the defaults: official GLCNet code, listed in docs/differences.md.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np

from glcnet_plugin.datasets.transforms.many_bands import by_groups_of_bands
from glcnet_plugin.datasets.transforms.photometric_base import (
    Floats,
    Image,
    PhotometricTransform,
    WarnOnce,
    affine,
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
        rgb = cv2.merge([np.ascontiguousarray(image[..., band]) for band in bands])
        changed = image.copy()
        if image.dtype == np.uint8:
            shifted = self._shift(rgb.astype(np.float32) / np.float32(255), True)
            changed[..., bands] = cv2.convertScaleAbs(shifted, alpha=255)  # rounds and clips
            return changed
        low, width = (values[bands] for values in self.value_range(image, sample))
        width = np.where(width > 0, width, np.float32(1))
        rgb = affine(rgb, low, 1 / width, 0)
        inside = np.clip(rgb, 0, 1)
        shifted = self._shift(inside, np.issubdtype(image.dtype, np.integer))
        rgb -= inside
        shifted += rgb
        changed[..., bands] = restore(affine(shifted, 0, width, low), image)
        return changed

    def _shift(self, rgb: Floats, limited: bool) -> Floats:
        """Shift the colours of (H, W, 3) in 0..1; ``limited`` keeps the value in 0..1, too."""
        hsv = cv2.cvtColor(rgb, cv2.COLOR_RGB2HSV)  # 0..360, 0..1, 0..1
        hue, saturation, value = np.random.uniform(-self.limits, self.limits)
        low, high = (0, 1) if limited else (-np.inf, np.inf)
        # hue is an angle: OpenCV takes it beyond 360, but not below 0
        hsv = cv2.add(hsv, (hue % 360, saturation, value, 0))
        hsv = cv2.min(hsv, (np.inf, 1, high, 0))
        hsv = cv2.max(hsv, (0, 0, low, 0))
        shifted: Floats = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)
        return shifted

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
        mean = image.mean(0, dtype=np.float32).mean(0)  # faster than over both axes at once
        return restore(affine(image, mean, gain, mean + shift), image)


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
        number = np.random.binomial(image.size, self.share)
        # unlike np.random.choice, it does not shuffle all places to draw a few
        generator = np.random.default_rng(np.random.randint(2**31))
        places = generator.choice(image.size, number, replace=False, shuffle=False)
        low, width = (v[places % image.shape[2]] for v in self.value_range(image, sample))
        changed = image.copy()
        changed.reshape(-1)[places] = np.random.uniform(low, low + width).astype(image.dtype)
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
        copies = np.repeat(image[..., band : band + 1], image.shape[2], axis=2)
        return restore(affine(copies, low[band], width / (width[band] or 1), low), image)


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
