"""Write a map block by block, so that a killed run goes on, and give it its name when complete."""

import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.errors import NotGeoreferencedWarning, RasterioIOError
from rasterio.shutil import copy
from rasterio.windows import Window as RasterWindow

from glcnet_plugin.datasets.io.products import PRODUCT
from glcnet_plugin.datasets.io.rasters import CACHE_BYTES
from glcnet_plugin.errors import StorageError
from glcnet_plugin.inference.windows import Block
from glcnet_plugin.utils.atomic_io import write_atomic

NODATA = 255
TILE = 512  # pixels of the tiles inside of the file


class MapWriter:
    """A GeoTIFF of class ids that grows by blocks.

    Blocks are written into ``NAME.part.tif``, and ``NAME.part.json`` lists those that are on
    the disk; :meth:`finish` makes the Cloud-Optimized GeoTIFF of them. A second writer of the same
    name and settings finds the blocks of a killed one.

    Args:
        path: The map; ends with .tif.
        size: Height and width in pixels.
        georeference: ``crs`` and ``transform`` as rasterio gives them, perhaps none.
        settings: What the blocks depend on, of plain types; blocks of others are not taken.
        names: Of the bands.
    """

    def __init__(
        self,
        path: Path,
        size: tuple[int, int],
        georeference: Mapping[str, Any],
        settings: Mapping[str, Any],
        names: Sequence[str] = ('class',),
    ) -> None:
        self.path = path
        self.part = path.with_suffix('.part.tif')
        self.journal = path.with_suffix('.part.json')
        self.size, self.names = size, names
        self.georeference = dict(georeference)
        self.settings = json.loads(json.dumps(dict(settings)))
        self.done = self._resume()

    def _resume(self) -> set[Block]:
        """Blocks of an earlier writer; else a new file is begun."""
        if self.part.is_file() and self.journal.is_file():
            record = json.loads(self.journal.read_text(encoding='utf-8'))
            if record['settings'] == self.settings:
                return {(tuple(rows), tuple(columns)) for rows, columns in record['done']}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._storage(), rasterio.open(
            self.part, 'w', driver='GTiff', height=self.size[0], width=self.size[1],
            count=len(self.names), dtype='uint8', nodata=NODATA, tiled=True, blockxsize=TILE,
            blockysize=TILE, compress='deflate', BIGTIFF='IF_SAFER', SPARSE_OK=True,
            **self.georeference,
        ) as raster:  # fmt: skip
            raster.update_tags(**{PRODUCT: self.names[0]})
        self._record(set())
        return set()

    def _record(self, done: set[Block]) -> None:
        record = {'settings': self.settings, 'done': sorted(done)}
        write_atomic(self.journal, json.dumps(record))

    def write(self, block: Block, values: NDArray[np.uint8]) -> None:
        """Write a block; it is on the disk afterwards.

        Args:
            block: Its rows and columns.
            values: (bands, height, width).

        Raises:
            StorageError: If there is no room.
        """
        (top, bottom), (left, right) = block
        with self._storage(), rasterio.open(self.part, 'r+') as raster:
            raster.write(values, window=RasterWindow(left, top, right - left, bottom - top))
        self.done.add(block)
        self._record(self.done)

    def counts(self) -> NDArray[np.int64]:
        """Pixels of each value of the first band, (256,)."""
        total = np.zeros(NODATA + 1, np.int64)
        with self._storage(), rasterio.open(self.part) as raster:
            for _, window in raster.block_windows(1):
                values = raster.read(1, window=window)
                total += np.bincount(values.ravel(), minlength=NODATA + 1)
        return total

    def finish(self, tags: Mapping[str, str], palette: Sequence[Sequence[int]] = ()) -> Path:
        """Make the map of the blocks, and remove what was needed to go on.

        Args:
            tags: Metadata of the file.
            palette: R, G, B of each class of the first band.

        Returns:
            The map.

        Raises:
            StorageError: If there is no room.
        """
        with self._storage():
            with rasterio.open(self.part, 'r+') as raster:
                raster.update_tags(**tags)
                for index, name in enumerate(self.names, 1):
                    raster.set_band_description(index, name)
                if palette:
                    colours = {i: (*map(int, c), 255) for i, c in enumerate(palette)}
                    raster.write_colormap(1, {**colours, NODATA: (0, 0, 0, 0)})
            complete = self.path.with_suffix('.cog.tif')
            copy(
                self.part, complete, driver='COG', compress='deflate', blocksize=TILE,
                overview_resampling='mode' if palette else 'average', BIGTIFF='IF_SAFER',
            )  # fmt: skip
            complete.replace(self.path)
        for leftover in (self.part, self.journal):
            leftover.unlink(missing_ok=True)
        return self.path

    @contextmanager
    def _storage(self) -> Iterator[None]:
        """Say which file could not be written; keep GDAL's cache of blocks small."""
        try:
            with rasterio.Env(GDAL_CACHEMAX=CACHE_BYTES), warnings.catch_warnings():
                warnings.simplefilter('ignore', NotGeoreferencedWarning)
                yield
        except (RasterioIOError, OSError) as error:
            raise StorageError(
                f'{self.path} could not be written: {error}. Make room and start again: the '
                f'{len(getattr(self, "done", ()))} finished blocks are kept'
            ) from error


def write_style(path: Path, classes: Sequence[str], palette: Sequence[Sequence[int]]) -> None:
    """Write the colours and names of the classes for QGIS, which reads a ``.qml`` beside a map.

    Args:
        path: The map.
        classes: Their names.
        palette: R, G, B of each.
    """
    root = ElementTree.Element('qgis', version='3.0')
    pipe = ElementTree.SubElement(root, 'pipe')
    renderer = ElementTree.SubElement(
        pipe, 'rasterrenderer', type='paletted', band='1', opacity='1'
    )
    entries = ElementTree.SubElement(renderer, 'colorPalette')
    for index, (name, colour) in enumerate(zip(classes, palette, strict=True)):
        text = '#{:02x}{:02x}{:02x}'.format(*colour)
        ElementTree.SubElement(
            entries, 'paletteEntry', value=str(index), label=name, color=text, alpha='255'
        )
    write_atomic(path.with_suffix('.qml'), ElementTree.tostring(root))
