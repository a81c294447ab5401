"""Settings of a network that follow from the bands of its images."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from glcnet_plugin.datasets.analysis.band_statistics import band_statistics
from glcnet_plugin.datasets.io.images import image_info
from glcnet_plugin.datasets.io.rasters import Bands

MAX_IMAGES = 200  # to estimate statistics from
RGB = 3


def band_settings(
    paths: Sequence[str | Path], bands: Bands | None = None, network_bands: int = RGB
) -> dict[str, Any]:
    """Settings of the model that depend on the bands.

    Args:
        paths: Images.
        bands: Bands that are read, as in :func:`read_image`; None for all.
        network_bands: Number of bands that the config is written for.

    Returns:
        Empty for 8-bit RGB and a config for three bands, whose numbers then apply; else the number
        of bands, and their means and standard deviations.

    Raises:
        DataError: If an image cannot be read, or the images differ in their bands.
    """
    first = image_info(paths[0])
    count = first.bands if bands is None else len(bands)
    if count == network_bands == RGB and first.dtype == 'uint8':
        return {}
    statistics = band_statistics(list(paths[:: max(1, len(paths) // MAX_IMAGES)]), bands)
    return {
        'model.backbone.in_channels': count,
        'model.data_preprocessor.mean': statistics.mean.tolist(),
        'model.data_preprocessor.std': np.maximum(statistics.std, 1e-6).tolist(),
    }
