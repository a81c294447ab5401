"""Predict scenes of any size, in memory that does not grow with them."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rasterio import Affine

from glcnet_plugin.datasets.io.images import ImageInfo, image_info
from glcnet_plugin.datasets.io.rasters import file_state
from glcnet_plugin.datasets.io.side_files import files_of
from glcnet_plugin.inference.block_predictor import BlockPredictor, Tiling
from glcnet_plugin.inference.map_writer import NODATA, MapWriter, write_style
from glcnet_plugin.inference.model import SegmentationModel
from glcnet_plugin.inference.scene_checks import check_bands, order_notes, unusual_values
from glcnet_plugin.inference.windows import block_grid
from glcnet_plugin.utils.parallel import parallel_map


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
        tiling: Windows and blocks; None for windows of ``model.window``.
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
