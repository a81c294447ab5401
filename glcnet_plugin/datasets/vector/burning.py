"""Burn polygons and points onto the grid of a scene, window by window."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio import Affine
from rasterio.features import rasterize

from glcnet_plugin.datasets.io.images import image_info
from glcnet_plugin.datasets.io.masks import IGNORE
from glcnet_plugin.datasets.io.rasters import Window
from glcnet_plugin.datasets.vector.labels import POINTS, VectorLabels
from glcnet_plugin.errors import DataError


@dataclass(frozen=True)
class Grid:
    """The pixels of a georeferenced raster.

    Args:
        path: Its file.
        crs: Its CRS, as text.
        transform: Pixel (x, y) to ground.
        height: In pixels.
        width: In pixels.
    """

    path: str
    crs: str
    transform: Affine
    height: int
    width: int

    @classmethod
    def of(cls, path: str) -> 'Grid':
        """Grid of a raster.

        Raises:
            DataError: If it cannot be read or has no CRS.
        """
        info = image_info(path)
        if info.crs is None or info.transform is None:
            raise DataError(
                f'{path} has no CRS, so no polygon has a place on it: georeference it, or give '
                'its CRS by "rio edit-info --crs EPSG:... FILE"'
            )
        return cls(path, info.crs, Affine(*info.transform), info.height, info.width)

    @property
    def whole(self) -> Window:
        """The window of all pixels."""
        return 0, 0, self.height, self.width

    def moved(self, window: Window) -> Affine:
        """Transform of a window."""
        return self.transform @ Affine.translation(window[1], window[0])

    def corners(self, window: Window) -> list[tuple[float, float]]:
        """Corners of a window on the ground, in turn."""
        transform, (height, width) = self.moved(window), window[2:]
        return [transform @ corner for corner in ((0, 0), (width, 0), (width, height), (0, height))]


class Burner:
    """Labels on the grid of a raster.

    A pixel belongs to a polygon if its centre lies inside. Where features overlap, the later one
    in the file wins, as QGIS draws it on top.

    Args:
        labels: The labels.
        grid: The grid; labels of another CRS are reprojected to its own.
        point_radius: Radius in metres of the disc around a point; 0 for the pixel with the
            point in it.
    """

    def __init__(self, labels: VectorLabels, grid: Grid, point_radius: float = 0.0) -> None:
        self.grid = grid
        frame = labels.frame
        points = frame.geometry.geom_type.isin(POINTS)
        shapes = labels.geometries(grid.crs)
        if point_radius and points.any():
            discs = _discs(frame.geometry[points], point_radius, grid)
            shapes = shapes.copy()
            shapes[np.flatnonzero(points)] = np.array(discs, object)
        self.shapes: NDArray[Any] = shapes
        self.ids = frame['class_id'].to_numpy(np.uint8)
        self.tree = shapely.STRtree(shapes)

    def near(self, window: Window) -> NDArray[np.int64]:
        """Numbers of the features, in the file's order, whose extent meets that of a window."""
        x, y = np.transpose(self.grid.corners(window))
        box = shapely.box(x.min(), y.min(), x.max(), y.max())
        return np.sort(self.tree.query(box))

    def features(self, window: Window) -> NDArray[np.uint32]:
        """Number of the feature that each pixel shows, counted from 1; 0 for none.

        Args:
            window: (y, x, height, width) in pixels.

        Returns:
            (height, width).
        """
        near = self.near(window)
        return self._burn(near, near + 1, window, np.uint32)

    def classes(self, features: NDArray[np.uint32]) -> NDArray[np.uint8]:
        """Class of each pixel by the feature that it shows; 255 for none."""
        return np.concatenate([np.array([IGNORE], np.uint8), self.ids])[features]

    def overlap(self, window: Window) -> NDArray[np.bool_]:
        """Whether features of several classes claim a pixel, (height, width)."""
        near = self.near(window)
        claims = np.zeros(window[2:], np.uint8)  # at most 255 classes
        for index in np.unique(self.ids[near]):
            own = near[self.ids[near] == index]
            claims += self._burn(own, np.ones(len(own), np.uint8), window, np.uint8)
        return claims > 1

    def _burn(
        self,
        features: NDArray[Any],
        values: Sequence[Any] | NDArray[Any],
        window: Window,
        kind: Any,
    ) -> NDArray[Any]:
        """Burn features in turn."""
        if not len(features):
            return np.zeros(window[2:], kind)
        shapes = zip(self.shapes[features], map(int, values), strict=True)
        return rasterize(
            shapes, out_shape=window[2:], transform=self.grid.moved(window), fill=0, dtype=kind
        )


def _discs(points: Any, radius: float, grid: Grid) -> Any:
    """Discs around points in the CRS of a grid; distances are true near its middle."""
    from pyproj import CRS, Transformer

    middle = grid.transform @ (grid.width / 2, grid.height / 2)
    lon, lat = Transformer.from_crs(grid.crs, 'EPSG:4326', always_xy=True).transform(*middle)
    metric = CRS.from_proj4(f'+proj=aeqd +lat_0={lat} +lon_0={lon} +datum=WGS84 +units=m')
    return points.to_crs(metric).buffer(radius).to_crs(grid.crs)
