"""Settings of a network that follow from the bands of its images."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.logging import print_log

from glcnet_plugin.datasets.analysis.band_statistics import band_statistics
from glcnet_plugin.datasets.io.band_order import BandOrder, chosen_names
from glcnet_plugin.datasets.io.images import ImageInfo, image_info
from glcnet_plugin.datasets.io.rasters import Bands, band_indices
from glcnet_plugin.errors import DataError

MAX_IMAGES = 200  # to estimate statistics from
RGB = 3
BANDS = 'model.backbone.in_channels'
NAMES = 'model.data_preprocessor.band_names'


def band_settings(
    paths: Sequence[str | Path],
    bands: Bands | None = None,
    network_bands: int = RGB,
    alpha: str = 'data',
    band_names: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Settings of the model that depend on the bands.

    Args:
        paths: Images.
        bands: Bands that are read, as in :func:`read_image`; None for all.
        network_bands: Number of bands that the config is written for.
        alpha: What a band marked as alpha is, as in :func:`read_image`.
        band_names: Names of the bands in the order of the files, where these are wrong or have
            none; None for those of the files.

    Returns:
        The names of the bands, if all images say the same. Nothing more for 8-bit RGB and a config
        for three bands, whose numbers then apply; else the number of bands, and their means and
        standard deviations.

    Raises:
        DataError: If an image cannot be read, or the images differ in their bands.
    """
    if band_names is not None:
        bands = band_indices(bands, len(band_names), band_names, 'band_names')
    sampled = _sampled(paths)
    infos = _readable(sampled, alpha)
    order = BandOrder()
    _check_order(order, infos, bands, band_names)
    settings: dict[str, Any] = {} if order.names is None else {NAMES: order.names}
    count = next(iter(infos.values())).bands if bands is None else len(bands)
    types = sorted({info.dtype for info in infos.values()})
    if count == network_bands == RGB and types == ['uint8']:
        return settings
    if len(types) > 1:
        print_log(
            f'the images have values of different types, {", ".join(types)}: their common mean and '
            'std are taken; check_data counts the files of each',
            logger='current', level=logging.WARNING,
        )  # fmt: skip
    statistics = band_statistics(sampled, bands, alpha=alpha, band_names=band_names)
    return {
        BANDS: count,
        'model.data_preprocessor.mean': statistics.mean.tolist(),
        'model.data_preprocessor.std': np.maximum(statistics.std, 1e-6).tolist(),
        **settings,
    }


def require_order(
    names: Sequence[str],
    source: str,
    paths: Sequence[str | Path],
    bands: Bands | None = None,
    alpha: str = 'data',
    band_names: Sequence[str] | None = None,
) -> None:
    """Refuse images whose bands a network knows in another order.

    Args:
        names: Names of the bands of the network, in its order.
        source: The network.
        paths: See :func:`band_settings`.
        bands: See :func:`band_settings`.
        alpha: See :func:`band_settings`.
        band_names: See :func:`band_settings`.

    Raises:
        DataError: If an image has the same words in another order.
    """
    order = BandOrder()
    order.check(source, names)
    _check_order(order, _readable(_sampled(paths), alpha), bands, band_names)


def _sampled(paths: Sequence[str | Path]) -> list[str | Path]:
    """Some images, evenly spread."""
    return list(paths[:: max(1, len(paths) // MAX_IMAGES)])


def _check_order(
    order: BandOrder,
    infos: Mapping[str | Path, ImageInfo],
    bands: Bands | None,
    band_names: Sequence[str] | None,
) -> None:
    """Compare the names of the bands of all images."""
    for path, info in infos.items():
        names = info.band_names if band_names is None else band_names
        order.check(path, chosen_names(names, bands, info.bands))


def _readable(paths: Sequence[str | Path], alpha: str) -> dict[str | Path, ImageInfo]:
    """Headers of the images that can be read, at least one; a training tells the others."""
    infos: dict[str | Path, ImageInfo] = {}
    problem: DataError | None = None
    for path in paths:
        try:
            infos[path] = image_info(path, alpha)
        except DataError as error:
            problem = problem or error
    if problem is not None and not infos:
        raise problem
    return infos
