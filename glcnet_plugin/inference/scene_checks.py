"""Compare a scene with what a network was trained on, before its first window."""

from pathlib import Path

import numpy as np

from glcnet_plugin.datasets.io.band_order import chosen_names, out_of_order, shared_words
from glcnet_plugin.datasets.io.colour_bands import colour_bands
from glcnet_plugin.datasets.io.images import ImageInfo, read_masked
from glcnet_plugin.datasets.io.rasters import band_indices
from glcnet_plugin.errors import ConfigError, DataError
from glcnet_plugin.inference.map_writer import NODATA
from glcnet_plugin.inference.model import SegmentationModel

SAMPLE = 512  # pixels
UNUSUAL = 4.0  # deviations of the training images
SMALL = 0.1  # of the means of the training images


def check_bands(scene: str | Path, info: ImageInfo, model: SegmentationModel) -> None:
    """Refuse a scene with other bands than the network takes.

    Args:
        scene: The scene.
        info: Its header.
        model: The network.

    Raises:
        DataError: If number, names or order of the bands differ, it lacks those that are chosen, or
            its values are complex.
        ConfigError: If the network has too many classes for a map.
    """
    if 'complex' in info.dtype:
        raise DataError(
            f'{scene} has complex values ({info.dtype}), the network takes real bands: give their '
            'amplitude'
        )
    if len(model.classes) > NODATA:
        raise ConfigError(f'a map holds up to {NODATA} classes, the network has more')
    chosen = model.loading.get('bands')
    count = info.bands if chosen is None else len(chosen)
    if count != model.bands:
        raise DataError(
            f'{scene} has {info.bands} bands, but the network takes {model.bands}'
            f'{f" ({chr(44).join(model.band_names)})" if model.band_names else ""}'
        )
    indices = band_indices(chosen, info.bands, info.band_names, scene)
    names = chosen_names(info.band_names, indices, info.bands)
    if model.band_names and out_of_order(model.band_names, names):
        raise DataError(
            f'the bands of {scene} are {", ".join(map(str, names))}; the network was trained on '
            f'{", ".join(model.band_names)}, in this order'
        )


def order_notes(scene: str | Path, info: ImageInfo, model: SegmentationModel) -> list[str]:
    """What speaks against the order of the bands of a scene, without proving it.

    Args:
        scene: The scene.
        info: Its header.
        model: The network.

    Returns:
        A sentence where it has other words for its bands than the network, or has none and marks
        other bands as red, green and blue.
    """
    chosen, wanted = model.loading.get('bands'), model.band_names
    if wanted is None:
        return []
    question = f'the network was trained on {", ".join(wanted)}: are they the same, in this order?'
    names = chosen_names(info.band_names, chosen, info.bands)
    if any(names):
        if chosen is not None or shared_words(wanted, names):
            return []
        return [f'the bands of {scene} are {", ".join(map(str, names))}, {question}']
    colours = colour_bands(scene, model.bands, chosen)
    expected = colour_bands('', model.bands, names=wanted)
    if colours is None or expected is None or colours == expected:
        return []
    places = ', '.join(str(colour + 1) for colour in colours)
    return [f'{scene} marks its bands {places} as red, green and blue, {question}']


def unusual_values(scene: str | Path, info: ImageInfo, model: SegmentationModel) -> list[str]:
    """What a window in the middle shows that training images did not: another unit or type.

    Args:
        scene: The scene.
        info: Its header.
        model: The network.

    Returns:
        A sentence for each band that lies far from the training images, or one for all of them.
    """
    preprocessor = getattr(model.network, 'data_preprocessor', None)
    mean, std = (getattr(preprocessor, name, None) for name in ('mean', 'std'))
    if mean is None or std is None:
        return []
    height, width = min(SAMPLE, info.height), min(SAMPLE, info.width)
    place = ((info.height - height) // 2, (info.width - width) // 2, height, width)
    loading = model.loading
    try:
        image, missing = read_masked(
            scene, loading.get('bands'), place, alpha=loading.get('alpha', 'data')
        )
    except DataError:  # reported, window by window, by the prediction
        return []
    image = np.ma.array(image, mask=False if missing is None else missing, dtype=np.float64)
    means = image.mean((0, 1)).filled(np.nan)
    expected, scale = (one.flatten().cpu().numpy() for one in (mean, std))
    far = np.flatnonzero(np.abs(means - expected) > UNUSUAL * scale)  # NaN is not
    telling = np.abs(expected) > scale  # of others, 0 is an ordinary value
    if not far.size and telling.any() and (means / expected < SMALL)[telling].all():
        found, usual = means[telling], expected[telling]
        return [
            f'the bands of {scene} ({info.dtype}) have means of {found.min():.4g} to '
            f'{found.max():.4g} in the middle, the network was trained on {usual.min():.4g} to '
            f'{usual.max():.4g}: are they in the same unit?'
        ]
    return [
        f'band {band} of {scene} ({info.dtype}) has a mean of {means[band]:.4g} in the middle, the '
        f'network was trained on {expected[band]:.4g} ± {scale[band]:.4g}: is it in the same unit?'
        for band in far
    ]
