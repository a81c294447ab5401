"""Changes of colour and sharpness, for any number of bands and value range.

They never move a pixel. 'Full scale' below is 255 for uint8, else the largest value of the
image: 12-bit data in uint16, or reflectances in float32, have no range of their own.

Source of the defaults: official GLCNet code, listed in the README under "Settings".
"""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from numpy.typing import NDArray

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.registry import TRANSFORMS

Image = NDArray[Any]


def full_scale(image: Image) -> float:
    """Value taken for full brightness of ``image`` (H, W, bands)."""
    return 255.0 if image.dtype == np.uint8 else max(float(image.max()), 1e-6)


def _restore(values: NDArray[np.float32], like: Image, top: float) -> Image:
    """Clip values to [min(0, minimum), top] and cast them to the type of ``like``."""
    values = np.clip(values, min(0.0, float(like.min())), top)
    if np.issubdtype(like.dtype, np.integer):
        values = np.rint(values)
    return values.astype(like.dtype)


class PhotometricTransform(BaseTransform):
    """Apply :meth:`change` to the image with a probability.

    **Required Keys:**

    - img

    **Modified Keys:**

    - img

    Args:
        prob: Probability of applying it.

    Raises:
        ConfigError: If ``prob`` lies outside [0, 1].
    """

    def __init__(self, prob: float) -> None:
        if not 0 <= prob <= 1:
            raise ConfigError(f'prob must lie in [0, 1], got {prob}')
        self.prob = prob

    def rand_apply(self) -> bool:
        """Whether to apply the change this time."""
        return bool(np.random.rand() < self.prob)

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Change the image of a sample, or not.

        Args:
            results: The sample.

        Returns:
            The sample; its former image array is left as it was.
        """
        if self.rand_apply():
            results['img'] = self.change(results['img'])
        return results

    @abstractmethod
    def change(self, image: Image) -> Image:
        """Return a changed copy of ``image`` (H, W, bands), of the same type and shape."""


@TRANSFORMS.register_module()
class RandomHSVShift(PhotometricTransform):
    """Shift hue, saturation and value of the three colour bands.

    Args:
        hue: Largest shift of hue in units of 2 degrees (OpenCV's scale of 0..180).
        saturation: Largest shift of saturation in 1/255.
        value: Largest shift of value in 1/255 of full scale.
        bands: Indices of red, green and blue; other bands stay as they are.
        prob: Probability of applying it.

    Raises:
        ConfigError: If ``bands`` does not name three bands, or ``prob`` is out of range.
    """

    def __init__(
        self,
        hue: float = 30,
        saturation: float = 5,
        value: float = 15,
        bands: Sequence[int] = (0, 1, 2),
        prob: float = 0.5,
    ) -> None:
        super().__init__(prob)
        if len(bands) != 3:
            raise ConfigError(f'bands must name red, green and blue, got {tuple(bands)}')
        self.limits = np.array([hue * 2, saturation / 255, value / 255])
        self.bands = list(bands)

    def change(self, image: Image) -> Image:
        """Return the image with shifted colours."""
        if max(self.bands) >= image.shape[2]:
            raise ConfigError(
                f'{type(self).__name__} needs the bands {self.bands}, the image has '
                f'{image.shape[2]}: set bands, or leave the transform out'
            )
        top = full_scale(image)
        rgb = np.ascontiguousarray(image[..., self.bands], dtype=np.float32) / np.float32(top)
        hsv = cv2.cvtColor(np.clip(rgb, 0, 1), cv2.COLOR_RGB2HSV)  # 0..360, 0..1, 0..1
        hsv += np.random.uniform(-self.limits, self.limits).astype(np.float32)
        hsv[..., 0] %= 360  # hue is an angle
        np.clip(hsv[..., 1:], 0, 1, out=hsv[..., 1:])
        changed = image.copy()
        changed[..., self.bands] = _restore(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB) * top, image, top)
        return changed


@TRANSFORMS.register_module()
class RandomBrightnessContrast(PhotometricTransform):
    """Scale and shift each band on its own.

    Args:
        limit: Largest relative change of contrast, and of brightness in full scale.
        prob: Probability of applying it.
    """

    def __init__(self, limit: float = 0.1, prob: float = 0.5) -> None:
        super().__init__(prob)
        self.limit = limit

    def change(self, image: Image) -> Image:
        """Return the image with changed bands."""
        bands, top = image.shape[2], full_scale(image)
        gain = 1 + np.random.uniform(-self.limit, self.limit, (bands,)).astype(np.float32)
        shift = top * np.random.uniform(-self.limit, self.limit, (bands,)).astype(np.float32)
        mean = image.mean((0, 1), dtype=np.float32)
        return _restore((image - mean) * gain + mean + shift, image, top)


@TRANSFORMS.register_module()
class RandomPixelNoise(PhotometricTransform):
    """Replace a small share of the values of each band by random ones.

    Args:
        share: Share of the values to replace.
        prob: Probability of applying it.
    """

    def __init__(self, share: float = 0.001, prob: float = 0.5) -> None:
        super().__init__(prob)
        self.share = share

    def change(self, image: Image) -> Image:
        """Return the image with noise."""
        where = np.random.rand(*image.shape) < self.share
        changed = image.copy()
        noise = np.random.uniform(0, full_scale(image), int(where.sum()))
        changed[where] = noise.astype(image.dtype)
        return changed


@TRANSFORMS.register_module()
class RandomBandCopy(PhotometricTransform):
    """Copy one random band to all, the 'grey' of the official code.

    Args:
        prob: Probability of applying it.
    """

    def __init__(self, prob: float = 0.1) -> None:
        super().__init__(prob)

    def change(self, image: Image) -> Image:
        """Return the image with all bands alike."""
        band = np.random.randint(image.shape[2])
        return np.repeat(image[..., band : band + 1], image.shape[2], axis=2)


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

    def change(self, image: Image) -> Image:
        """Return the blurred image."""
        size = int(np.random.choice(self.kernel_sizes))
        return cv2.GaussianBlur(image, (size, size), 0).reshape(image.shape)
