"""Make a labelled folder of scenes and the polygons or points drawn on them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
import shapely
from numpy.typing import NDArray
from rasterio.errors import RasterioError
from rasterio.windows import Window as RasterWindow

from glcnet_plugin.datasets.io.blocks import blocks
from glcnet_plugin.datasets.io.folder_format import mask_file
from glcnet_plugin.datasets.io.images import image_info
from glcnet_plugin.datasets.io.lists import require_own_names
from glcnet_plugin.datasets.io.masks import IGNORE
from glcnet_plugin.datasets.io.rasters import is_virtual
from glcnet_plugin.datasets.io.side_files import files_beside
from glcnet_plugin.datasets.tiling.folder_writer import write_description
from glcnet_plugin.datasets.tiling.scene_rows import place_columns, placement
from glcnet_plugin.datasets.vector.burning import Burner, Grid
from glcnet_plugin.datasets.vector.colours import distinct_colours
from glcnet_plugin.datasets.vector.drawn_folder import begin_folder, end_folder
from glcnet_plugin.datasets.vector.ground_area import pixel_area
from glcnet_plugin.datasets.vector.labels import VectorLabels, features_text
from glcnet_plugin.errors import DataError, StorageError
from glcnet_plugin.utils.atomic_io import require_other_file

TILE = 512  # pixels of the tiles inside of a mask


@dataclass
class BurntLabels:
    """What was burnt.

    Args:
        out: The folder.
        classes: Names of the classes.
        features: Features of each class that show a pixel.
        pixels: Pixels of each class.
        area: Square metres of each class, on the ellipsoid.
        overlap: Pixels that features of several classes claim.
        scenes: Names of the scenes with labels.
        notes: What is missing or looks wrong.
    """

    out: Path
    classes: list[str]
    features: NDArray[np.int64]
    pixels: NDArray[np.int64]
    area: NDArray[np.float64]
    overlap: int
    scenes: list[str]
    notes: list[str]


class _Tally:
    """Sums over the windows of all scenes."""

    def __init__(self, labels: VectorLabels) -> None:
        self.classes = labels.classes
        self.ids = labels.frame['class_id'].to_numpy()
        self.pixels = np.zeros(len(labels.classes), np.int64)
        self.area = np.zeros(len(labels.classes))
        self.shown = np.zeros(len(self.ids), bool)  # by feature
        self.met = np.zeros(len(self.ids), bool)
        self.overlap = 0

    def add(self, burner: Burner, window: tuple[int, int, int, int]) -> NDArray[np.uint8]:
        """Count a window; returns its classes."""
        features = burner.features(window)
        ids = burner.classes(features)
        numbers = np.unique(features)
        self.shown[numbers[numbers > 0].astype(np.int64) - 1] = True
        if numbers.any():
            counts = np.bincount(ids[ids != IGNORE], minlength=len(self.pixels))
            self.pixels += counts
            self.area += counts * pixel_area(burner.grid, window)
            self.overlap += int(burner.overlap(window).sum())
        return ids


def rasterize_labels(
    labels: VectorLabels,
    scenes: Sequence[str | Path],
    out: str | Path,
    point_radius: float = 0.0,
    force: bool = False,
) -> BurntLabels:
    """Burn labels onto the grid of each scene, and describe the result as a labelled folder.

    ``images/`` has links to the scenes, ``masks/`` palette GeoTIFFs with 255 where nothing was
    drawn. Scenes without a label are left out. Scenes may be of any size.

    Args:
        labels: See :func:`read_labels`.
        scenes: Georeferenced files, each with a name of its own.
        out: Folder to write.
        point_radius: See :class:`Burner`.
        force: Replace the masks and classes that are there.

    Returns:
        What was burnt.

    Raises:
        DataError: If a scene cannot be read, has no CRS, two have one name, no label lies on a
            scene, or the folder has masks or classes; see :func:`begin_folder`.
        StorageError: If a file cannot be written.
    """
    out = Path(out)
    if virtual := [scene for scene in scenes if is_virtual(scene)]:
        raise DataError(f'{virtual[0]} is no file to link to: fetch it by "rio convert" first')
    files = require_own_names((Path(scene).stem, Path(scene)) for scene in scenes)
    grids = {name: Grid.of(str(path)) for name, path in files.items()}
    for name, path in files.items():
        require_other_file(out / 'masks' / f'{name}.tif', [path])
    begin_folder(out, files, force)
    tally, rows, notes = _Tally(labels), [], list(labels.notes)
    for name, grid in grids.items():
        burner = Burner(labels, grid, point_radius)
        near = burner.near(grid.whole)
        tally.met[near] = True
        if len(near) and _write_mask(out / 'masks' / f'{name}.tif', burner, tally):
            link_image(files[name], out / 'images')
            place = place_columns(placement(str(files[name])), grid.whole)
            rows.append({'name': name, 'group': name, **place})
    if not rows:
        end_folder(out)
        raise DataError(_nowhere(labels, list(grids.values())))
    write_description(out, labels.classes, distinct_colours(len(labels.classes)), rows)
    end_folder(out)
    notes += _notes(labels, tally, [*grids], [row['name'] for row in rows])
    features = np.bincount(tally.ids[tally.shown], minlength=len(labels.classes))
    return BurntLabels(
        out, labels.classes, features, tally.pixels, tally.area, tally.overlap,
        [row['name'] for row in rows], notes,
    )  # fmt: skip


def _write_mask(path: Path, burner: Burner, tally: _Tally) -> bool:
    """Write the mask of a scene; returns whether it has a label, else there is none."""
    grid, labelled = burner.grid, False
    palette = distinct_colours(len(tally.classes))
    part = path.with_suffix('.part')
    with _storage(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with rasterio.open(
            part, 'w', driver='GTiff', height=grid.height, width=grid.width, count=1,
            dtype='uint8', nodata=IGNORE, crs=grid.crs, transform=grid.transform, tiled=True,
            blockxsize=TILE, blockysize=TILE, compress='deflate', BIGTIFF='IF_SAFER',
        ) as raster:  # fmt: skip
            raster.write_colormap(1, dict(enumerate(palette)))
            raster.update_tags(**{f'CLASS_{i}': name for i, name in enumerate(tally.classes)})
            for window in blocks(image_info(grid.path)):
                ids = tally.add(burner, window)
                labelled = labelled or bool((ids != IGNORE).any())
                y, x, height, width = window
                raster.write(ids, 1, window=RasterWindow(x, y, width, height))
        if labelled:
            part.replace(path)
            if (other := mask_file(path.parents[1], path.stem)) != path:
                other.unlink()  # a PNG would be read in place of it
        else:
            part.unlink()
    return labelled


def link_image(image: Path, folder: Path) -> None:
    """Link an image into a folder, with the files beside it that GDAL reads (.msk, .tfw).

    Args:
        image: The image.
        folder: The folder.

    Raises:
        DataError: If another file of this name is there.
        StorageError: If the folder takes no links.
    """
    own = [Path(file) for file in files_beside(image, image.name).values()]
    with _storage(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for file in (image, *own):
            link = folder / file.name
            if link.exists() and not link.is_symlink():  # the user's own
                if not link.samefile(file):
                    raise DataError(f'{link} is another file than {file}: choose another folder')
                continue
            link.unlink(missing_ok=True)
            link.symlink_to(file.resolve())


def _nowhere(labels: VectorLabels, grids: Sequence[Grid]) -> str:
    """Where labels and scenes lie, to say that they do not meet."""
    first = grids[0]
    x, y = np.transpose(first.corners(first.whole))
    drawn = shapely.total_bounds(labels.geometries(first.crs))
    return (
        f'no label of {labels.path} shows a pixel on one of the {len(grids)} scenes: in '
        f'{first.crs}, {first.path} spans x {x.min():.6g}..{x.max():.6g}, '
        f'y {y.min():.6g}..{y.max():.6g}; the labels span x {drawn[0]:.6g}..{drawn[2]:.6g}, '
        f'y {drawn[1]:.6g}..{drawn[3]:.6g}. Give other scenes, or the CRS of the labels (--crs)'
    )


def _notes(
    labels: VectorLabels, tally: _Tally, scenes: Sequence[str], labelled: Sequence[str]
) -> Iterator[str]:
    """What is not seen in the masks."""
    index = labels.frame.index
    if outside := index[~tally.met].tolist():
        yield f'{features_text(outside)} of {labels.path} lie outside of every scene'
    if hidden := index[tally.met & ~tally.shown].tolist():
        yield (
            f'{features_text(hidden)} of {labels.path} show no pixel: without the centre of one, '
            'or below later features'
        )
    if empty := [name for name in scenes if name not in labelled]:
        yield f'scenes without labels are left out: {len(empty)}, such as {empty[0]}'


@contextmanager
def _storage(path: Path) -> Iterator[None]:
    """Say which file could not be written."""
    try:
        yield
    except (RasterioError, OSError) as error:
        raise StorageError(f'{path} could not be written: {error}') from error
