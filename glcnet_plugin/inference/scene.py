"""Predict scenes of any size, in memory that does not grow with them."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rasterio import Affine

from glcnet_plugin.datasets.io.band_order import chosen_names, out_of_order, shared_words
from glcnet_plugin.datasets.io.colour_bands import colour_bands
from glcnet_plugin.datasets.io.images import ImageInfo, image_info, read_masked
from glcnet_plugin.datasets.io.rasters import band_indices, file_state
from glcnet_plugin.datasets.io.side_files import files_of
from glcnet_plugin.errors import ConfigError, DataError
from glcnet_plugin.inference.block_predictor import BlockPredictor, Tiling
from glcnet_plugin.inference.map_writer import NODATA, MapWriter, write_style
from glcnet_plugin.inference.model import SegmentationModel
from glcnet_plugin.inference.windows import block_grid
from glcnet_plugin.utils.parallel import parallel_map

SAMPLE = 512  # pixels
UNUSUAL = 4.0  # deviations of the training images
SMALL = 0.1  # of the means of the training images


@dataclass
class SceneReport:
    """What was predicted.

    Args:
        path: The map.
        pixels: Number of pixels of each class, by name.
        nodata: Pixels without a class.
        unreadable: Windows that could not be read or predicted, with the reason.
        notes: What the file did not say.
    """

    path: Path
    pixels: dict[str, int]
    nodata: int
    unreadable: list[str]
    notes: list[str]


def predict_scene(
    scene: str | Path,
    model: SegmentationModel,
    out: str | Path,
    tiling: Tiling | None = None,
    augment: bool = False,
    amp: bool = False,
    confidence: bool = False,
) -> SceneReport:
    """Predict a scene and write a georeferenced map of its classes.

    The map is a Cloud-Optimized GeoTIFF with the CRS, transform and size of the scene, a colour
    table, and the names of the classes in its tags and in a ``.qml`` for QGIS. Pixels without data
    stay so. A run that was killed goes on with the next block.

    Args:
        scene: File or ``/vsi`` address of a raster, of any size.
        model: See :func:`glcnet_plugin.inference.loading.load_model`.
        out: Folder of the map, which is called as the scene, with ``_map.tif``.
        tiling: Windows and blocks; None for windows of the size of the training crops.
        augment: Whether to average over flips and quarter turns.
        amp: Whether to compute in half precision.
        confidence: Whether to add ``_confidence.tif``: the probability of the chosen class, and
            the entropy as a share of its largest value, in per cent.

    Returns:
        What was predicted.

    Raises:
        DataError: If the scene cannot be opened or has other bands than the network takes.
        ConfigError: If the tiling is impossible.
        StorageError: If the map cannot be written.
    """
    tiling = tiling or Tiling.of(model.window)
    info = image_info(scene, model.loading.get('alpha', 'data'))
    check_bands(scene, info, model)
    notes = order_notes(scene, info, model) + unusual_values(scene, info, model)
    place = georeference(info)
    if info.crs is None:
        notes.append(f'{scene} has no CRS: the map has none either')
    stem = Path(out) / Path(str(scene)).stem
    # blocks of a scene that was changed in between are not those of this one
    settings = {
        'scene': str(scene), 'state': scene_state(scene), 'tiling': asdict(tiling),
        'augment': augment, 'amp': amp, 'weights': model.fingerprint,
        'classes': list(model.classes),
    }  # fmt: skip
    size = (info.height, info.width)
    writer = MapWriter(stem.with_name(f'{stem.name}_map.tif'), size, place, settings)
    extra = None
    if confidence:
        path = stem.with_name(f'{stem.name}_confidence.tif')
        extra = MapWriter(path, size, place, settings, ('confidence', 'entropy'))
    predict = BlockPredictor(str(scene), size, model, tiling, augment, amp, confidence)
    done = writer.done if extra is None else writer.done & extra.done
    left = [part for part in block_grid(size, tiling.block) if part not in done]
    unreadable: list[str] = []
    for block, values, errors in parallel_map(predict, left, len(left), Path(str(scene)).name, 0):
        unreadable += errors
        if extra is not None:
            extra.write(block, values[1:])
        writer.write(block, values[:1])
    return _finish(writer, extra, model, unreadable, notes)


def scene_state(scene: str | Path) -> list[int]:
    """What tells whether a scene has changed: times and sizes of the files that are read."""
    return [number for file in files_of(scene) for number in file_state(file)[1:]]


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


def georeference(info: ImageInfo) -> dict[str, Any]:
    """CRS and transform of a scene as rasterio takes them.

    Args:
        info: Header of the scene.

    Returns:
        What there is of ``crs`` and ``transform``.
    """
    place: dict[str, Any] = {} if info.crs is None else {'crs': info.crs}
    if info.transform is not None:
        place['transform'] = Affine(*info.transform)
    return place


def _finish(
    writer: MapWriter,
    extra: MapWriter | None,
    model: SegmentationModel,
    unreadable: list[str],
    notes: list[str],
) -> SceneReport:
    """Give the files their names, and count what they show."""
    tags = {f'CLASS_{index}': name for index, name in enumerate(model.classes)}
    counts = writer.counts()
    path = writer.finish(tags, model.palette)
    write_style(path, model.classes, model.palette)
    if extra is not None:
        extra.finish({'UNIT': 'per cent'})
    pixels = {name: int(counts[index]) for index, name in enumerate(model.classes)}
    return SceneReport(path, pixels, int(counts[NODATA]), unreadable, notes)
