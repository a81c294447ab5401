"""Scenes with a georeference, and labels drawn on them, of hand-made geometry."""

import warnings

import geopandas
import numpy as np
import rasterio
from rasterio import Affine
from shapely.geometry import box

CRS = 'EPSG:32643'
LEFT, TOP, PIXEL = 500_000.0, 2_000_000.0, 2.0  # metres; on the central meridian of the zone
NORTH_UP = Affine(PIXEL, 0, LEFT, 0, -PIXEL, TOP)


def rectangle(y, x, height, width, margin=0.0):
    """Polygon of whole pixels of a north-up scene; the margin in pixels shrinks it."""
    return box(
        LEFT + PIXEL * (x + margin),
        TOP - PIXEL * (y + height - margin),
        LEFT + PIXEL * (x + width - margin),
        TOP - PIXEL * (y + margin),
    )


def write_raster(path, values, transform=NORTH_UP, crs=CRS, **profile):
    """Write (H, W) or (H, W, bands)."""
    values = values[..., None] if values.ndim == 2 else values
    path.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(
        path, 'w', driver='GTiff', height=values.shape[0], width=values.shape[1],
        count=values.shape[2], dtype=values.dtype, crs=crs, transform=transform, **profile,
    ) as raster:  # fmt: skip
        raster.write(values.transpose(2, 0, 1))
    return path


def write_scene(path, height=16, width=16, transform=NORTH_UP, crs=CRS):
    """Write an RGB scene of noise."""
    noise = np.random.default_rng(list(path.stem.encode())).integers(1, 255, (height, width, 3))
    return write_raster(path, noise.astype(np.uint8), transform, crs)


def write_drawn(path, shapes, crs=CRS, column='class', **columns):
    """Write polygons or points by class: pairs of name and geometry."""
    names, geometries = zip(*shapes, strict=True)
    frame = geopandas.GeoDataFrame({column: names, **columns}, geometry=list(geometries), crs=crs)
    with warnings.catch_warnings():
        warnings.filterwarnings('ignore', "'crs' was not provided")
        frame.to_file(path, engine='pyogrio')
    return path
