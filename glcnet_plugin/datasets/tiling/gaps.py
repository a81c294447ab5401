"""How a tile says where it has no data: a nodata value, a mask of its pixels, or NaN."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from glcnet_plugin.datasets.io.rasters import Image
from glcnet_plugin.errors import DataError


def marked_gaps(
    image: Image, missing: NDArray[np.bool_], path: str
) -> tuple[Image, dict[str, Any]]:
    """Mark what is missing in a tile of an image without a nodata value for all bands.

    A mask of a TIFF holds for all bands. Where only some bands are missing, as each has a nodata
    value of its own, all get one value that no band has as data.

    Args:
        image: (H, W, bands).
        missing: Of its shape.
        path: The image, to name it.

    Returns:
        The image, and ``missing`` or ``nodata`` as ``write_image`` takes them.

    Raises:
        DataError: If every possible value is data.
    """
    everywhere: NDArray[np.bool_] = np.asarray(missing.all(-1))
    known = missing & ~everywhere[..., None]
    if np.issubdtype(image.dtype, np.inexact):
        known &= np.isfinite(image)  # NaN says it by itself
    if not known.any():
        return image, {'missing': everywhere if everywhere.any() else None}
    if np.issubdtype(image.dtype, np.inexact):
        value: Any = np.nan
    else:
        limits = np.iinfo(image.dtype)
        values = [*np.unique(image[known]).tolist(), limits.min, limits.max]
        taken = np.isin(np.array(values, image.dtype), image[~missing])
        if taken.all():
            raise DataError(
                f'the bands of {path} have different nodata values, and each of them is data in '
                'another band: write it with one nodata value for all bands'
            )
        value = values[int(np.argmin(taken))]
    return np.where(missing, np.array(value, image.dtype), image), {'nodata': value}
