"""Read images with any number of bands."""

from typing import Any

import cv2
import numpy as np
from mmcv.transforms import LoadImageFromFile
from mmengine import fileio
from numpy.typing import NDArray
from rasterio.errors import RasterioIOError
from rasterio.io import MemoryFile

from glcnet_plugin.errors import DataError
from glcnet_plugin.registry import TRANSFORMS

TIFF_SUFFIXES = ('.tif', '.tiff')


@TRANSFORMS.register_module()
class LoadRSImage(LoadImageFromFile):
    """Read a PNG, JPEG or TIFF as (H, W, bands), bands in the order of the file.

    Colour images come as R, G, B (not B, G, R as in mmcv), so that means, deviations and
    further bands are listed in one order everywhere.

    **Required Keys:**

    - img_path

    **Added Keys:**

    - img
    - img_shape
    - ori_shape

    Args:
        num_bands: Bands that every image must have; None accepts any number.
        to_float32: Whether to convert the values to float32.
        backend_args: As in every MM loader.
    """

    def __init__(
        self,
        num_bands: int | None = None,
        to_float32: bool = False,
        backend_args: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(to_float32=to_float32, backend_args=backend_args)
        self.num_bands = num_bands

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Read the image of a sample.

        Args:
            results: The sample, with ``img_path``.

        Returns:
            The sample with its image.

        Raises:
            DataError: If the file cannot be read, or has another number of bands.
        """
        path = results['img_path']
        image = read_image(path, self.backend_args)
        if self.num_bands not in (None, image.shape[2]):
            raise DataError(f'{path} has {image.shape[2]} bands, expected {self.num_bands}')
        if self.to_float32:
            image = image.astype(np.float32)
        results['img'] = image
        results['img_shape'] = results['ori_shape'] = image.shape[:2]
        return results


def read_image(path: str, backend_args: dict[str, Any] | None = None) -> NDArray[Any]:
    """Read an image file.

    Args:
        path: Path or address that an MM file backend understands.
        backend_args: Arguments of that backend.

    Returns:
        (H, W, bands) array of the type stored in the file.

    Raises:
        DataError: If the file is missing or cannot be decoded; names the path.
    """
    try:
        data = fileio.get(path, backend_args=backend_args)
    except OSError as error:
        raise DataError(f'cannot open image {path}: {error}') from error
    decode = _decode_tiff if str(path).lower().endswith(TIFF_SUFFIXES) else _decode_plain
    try:
        return decode(data)
    except (RasterioIOError, cv2.error, ValueError) as error:
        raise DataError(f'cannot decode image {path} ({len(data)} bytes): {error}') from error


def _decode_tiff(data: bytes) -> NDArray[Any]:
    """Bytes of a TIFF -> (H, W, bands)."""
    with MemoryFile(data) as memory, memory.open() as raster:
        return np.ascontiguousarray(raster.read().transpose(1, 2, 0))


def _decode_plain(data: bytes) -> NDArray[Any]:
    """Bytes of a PNG or JPEG -> (H, W, bands), colours as R, G, B."""
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED) if data else None
    if image is None:
        raise ValueError('not a PNG, JPEG or TIFF, or damaged')
    if image.ndim == 2:
        return image[:, :, None]
    code = {3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGBA}[image.shape[2]]
    return cv2.cvtColor(image, code)
