"""Maps of the features of a scene of any size."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from rasterio import Affine

from glcnet_plugin.datasets.io.images import image_info
from glcnet_plugin.errors import DataError
from glcnet_plugin.inference.block_predictor import BlockPredictor, Corner, Tiling, average
from glcnet_plugin.inference.feature_map import FeatureMap
from glcnet_plugin.inference.feature_model import FeatureModel
from glcnet_plugin.inference.map_writer import NODATA, MapWriter, write_style
from glcnet_plugin.inference.scene import georeference, scene_state
from glcnet_plugin.inference.scene_checks import check_bands, order_notes, unusual_values
from glcnet_plugin.inference.windows import Block, block_grid
from glcnet_plugin.utils.parallel import parallel_map

WINDOWS = 64  # that a fit samples, evenly over the scene
CELLS = 20_000  # of these windows, at random
LEAST = 3  # cells, for as many principal components


class FeatureScene:
    """A scene whose features are drawn.

    Args:
        scene: File or ``/vsi`` address of a raster, of any size.
        model: See :func:`glcnet_plugin.inference.feature_model.load_features`.
        tiling: Windows and blocks; None for windows of the size of the training crops.

    Attributes:
        notes: What its values show that those of the training did not.
        unreadable: Windows of the maps that could not be read or predicted, with the reason.

    Raises:
        DataError: If the scene cannot be opened, or has other bands than the network takes.
    """

    def __init__(
        self, scene: str | Path, model: FeatureModel, tiling: Tiling | None = None
    ) -> None:
        self.scene, self.model = str(scene), model
        self.tiling = tiling or Tiling.of(model.window, block=512)
        self.info = image_info(scene, model.loading.get('alpha', 'data'))
        check_bands(scene, self.info, model)
        self.notes = order_notes(scene, self.info, model)
        self.notes += unusual_values(scene, self.info, model)
        self.unreadable: list[str] = []
        self.size = (self.info.height, self.info.width)

    def sample(self, seed: int = 0) -> NDArray[np.float32]:
        """Features of cells from all over the scene.

        Args:
            seed: Of the choice of the cells.

        Returns:
            (N, C), at most 20,000 cells with data of 64 windows.

        Raises:
            DataError: If fewer than three cells have data.
        """
        corners = list(self._reader().corners(((0, self.size[0]), (0, self.size[1]))))
        few = [corners[i] for i in np.linspace(0, len(corners) - 1, WINDOWS).astype(int)]
        windows, rng = dict.fromkeys(few), np.random.default_rng(seed)
        errors: list[str] = []
        most = -(-CELLS // len(windows))
        cells = np.concatenate([self._cells(corner, errors, rng, most) for corner in windows])
        if len(cells) < LEAST:
            raise DataError(
                f'{self.scene} has no window with data'
                + (f': {errors[0]}' if errors else f', or too little of it: {len(cells)} cells')
            )
        return cells[rng.permutation(len(cells))[:CELLS]]

    def at(self, row: int, column: int) -> NDArray[np.float32]:
        """Features (C,) of the cell at a pixel.

        Raises:
            DataError: If the pixel lies outside of the scene, or has no data.
        """
        if not (0 <= row < self.size[0] and 0 <= column < self.size[1]):
            raise DataError(
                f'pixel {row}, {column} (row, column) lies outside of {self.scene}, which has '
                f'{self.size[0]}x{self.size[1]} px'
            )
        reader = self._reader()
        window = reader.window
        corner = tuple(
            int(np.clip(place - side // 2, 0, length - side))
            for place, side, length in zip((row, column), window, self.size, strict=True)
        )
        errors: list[str] = []
        image, empty = reader.read((corner[0], corner[1]), errors)
        if errors:
            raise DataError(errors[0])
        if empty[row - corner[0], column - corner[1]]:
            raise DataError(f'pixel {row}, {column} of {self.scene} has no data; choose another')
        cells = self.model.cells(torch.from_numpy(image)[None])[0].cpu().numpy()
        y, x = (
            (place - start) * cells.shape[axis] // side
            for place, start, axis, side in zip((row, column), corner, (1, 2), window, strict=True)
        )
        return np.asarray(cells[:, y, x])

    def pixel_of(self, x: float, y: float) -> tuple[int, int]:
        """Row and column of map coordinates in the CRS of the scene.

        Raises:
            DataError: If the scene has no georeference.
        """
        if self.info.transform is None:
            raise DataError(f'{self.scene} has no georeference: give the pixel instead')
        column, row = ~Affine(*self.info.transform) @ (x, y)
        return int(np.floor(row)), int(np.floor(column))

    def write(self, drawn: FeatureMap, out: str | Path) -> Path:
        """Write a map of the features; a run that was killed goes on with the next block.

        Args:
            drawn: What is drawn.
            out: Folder of the map, which is called as the scene, with the kind.

        Returns:
            The Cloud-Optimized GeoTIFF, with the grid of the scene; 255 is nodata.

        Raises:
            StorageError: If the map cannot be written.
        """
        model = replace(self.model, classes=drawn.names, project=drawn.project)
        path = Path(out) / f'{Path(self.scene).stem}_{drawn.kind}.tif'
        settings: dict[str, Any] = {
            'scene': self.scene, 'state': scene_state(self.scene),
            'tiling': asdict(self.tiling), 'weights': model.fingerprint, 'kind': drawn.kind,
            'names': drawn.names, 'fitted': drawn.fingerprint,
        }  # fmt: skip
        writer = MapWriter(path, self.size, georeference(self.info), settings, drawn.bands)
        blend = BlockPredictor(self.scene, self.size, model, self.tiling).blend

        def predict(block: Block) -> tuple[Block, NDArray[np.uint8]]:
            sums, weights, missing, errors = blend(block)
            self.unreadable += errors
            values = drawn.values(average(sums, weights))
            values[:, missing | (weights == 0)] = NODATA
            return block, values

        left = [b for b in block_grid(self.size, self.tiling.block) if b not in writer.done]
        for block, values in parallel_map(predict, left, len(left), path.name, 0):
            writer.write(block, values)
        tags = {f'CLASS_{index}': name for index, name in enumerate(drawn.names) if drawn.palette}
        writer.finish(tags, drawn.palette)
        if drawn.palette:
            write_style(path, drawn.names, drawn.palette)
        return path

    def _reader(self) -> BlockPredictor:
        return BlockPredictor(self.scene, self.size, self.model, self.tiling)

    def _cells(
        self, corner: Corner, errors: list[str], rng: np.random.Generator, most: int
    ) -> NDArray[np.float32]:
        """Features (N, C) of some cells of a window, of those with data in all their pixels."""
        image, empty = self._reader().read(corner, errors)
        cells = self.model.cells(torch.from_numpy(image)[None])[0]
        holes = torch.from_numpy(empty).to(cells)[None, None]
        known = (
            F.interpolate(holes, cells.shape[-2:], mode='area')[0, 0] == 0
        ) & cells.isfinite().all(0)
        places = known.flatten().nonzero().flatten().cpu().numpy()
        chosen = torch.from_numpy(rng.permutation(places)[:most]).to(cells.device)
        return np.asarray(cells.flatten(1)[:, chosen].T.cpu().numpy())
