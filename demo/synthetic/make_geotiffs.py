"""Draw land-cover scenes as georeferenced GeoTIFFs, with polygons of some of their classes.

Three bands are 8-bit colours; four (R, G, B, NIR) are 16-bit reflectances times 10,000. A pixel is
0.5 m wide. Scenes lie side by side and show different ground.

Example:
    python demo/synthetic/make_geotiffs.py data/scenes --scenes 6 --labels data/labels.gpkg
    python demo/synthetic/make_geotiffs.py data/scenes --bands 4
"""

import argparse
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.enums import ColorInterp
from rasterio.features import shapes
from rasterio.transform import from_origin
from shapely.geometry import shape

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a script

from glcnet_plugin.datasets.vector.labels import import_geopandas
from glcnet_plugin.utils.cli import run_tool
from synthetic.scene_painter import CLASSES, ScenePainter

CRS = 'EPSG:32643'
PIXEL = 0.5  # m
BANDS = {
    'R': ColorInterp.red,
    'G': ColorInterp.green,
    'B': ColorInterp.blue,
    'NIR': ColorInterp.nir,
}
MARGIN = 2  # pixels between a polygon and the edge of its object, as a hand would draw it


def polygons(label: NDArray[np.uint8], transform: Any, per_class: int) -> list[dict[str, Any]]:
    """The largest areas of each class in a scene.

    Args:
        label: (H, W) class ids.
        transform: From pixels to the ground.
        per_class: Number of polygons of each class.

    Returns:
        Class and geometry of each.
    """
    found = []
    kernel = np.ones((2 * MARGIN + 1,) * 2, np.uint8)
    for index, name in enumerate(CLASSES):
        inner = cv2.erode((label == index).astype(np.uint8), kernel)
        areas = [shape(part) for part, _ in shapes(inner, inner > 0, transform=transform)]
        areas.sort(key=lambda area: (-area.area, area.bounds))
        found += [{'class': name, 'geometry': area} for area in areas[:per_class]]
    return found


def make_geotiffs(
    out: Path,
    scenes: int = 4,
    size: int = 1024,
    bands: int = 3,
    seed: int = 0,
    labels: Path | None = None,
    per_class: int = 2,
) -> int:
    """Draw scenes, and polygons of the first half of them.

    Args:
        out: Folder to write.
        scenes: Number of scenes.
        size: Side of a scene in pixels.
        bands: 3 for R, G, B in 8 bits; 4 for R, G, B, NIR in 16 bits.
        seed: Seed of the whole set.
        labels: GeoPackage of polygons to write, with a column ``class``; None for none.
        per_class: Polygons of each class and scene.

    Returns:
        The number of polygons.
    """
    out.mkdir(parents=True, exist_ok=True)
    names = list(BANDS)[:bands]
    scale, dtype = (255, np.uint8) if bands == 3 else (10_000, np.uint16)
    drawn: list[dict[str, Any]] = []
    for index in range(scenes):
        image, label = ScenePainter(seed * 100_003 + index, size).paint()
        transform = from_origin(500_000 + index * size * PIXEL, 2_000_000, PIXEL, PIXEL)
        with rasterio.open(
            out / f'scene_{index}.tif', 'w', driver='GTiff', height=size, width=size, count=bands,
            dtype=dtype, tiled=True, compress='deflate', crs=CRS, transform=transform,
        ) as raster:  # fmt: skip
            raster.write(np.round(image[..., :bands] * scale).astype(dtype).transpose(2, 0, 1))
            raster.descriptions = names
            raster.colorinterp = [BANDS[name] for name in names]
        if index < (scenes + 1) // 2:
            drawn += polygons(label, transform, per_class)
    if labels is not None:
        labels.parent.mkdir(parents=True, exist_ok=True)
        table = import_geopandas().GeoDataFrame(drawn, geometry='geometry', crs=CRS)
        table.to_file(labels, driver='GPKG')
    return len(drawn)


def main() -> None:
    """Draw."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('out', type=Path, help='folder to write')
    parser.add_argument('--scenes', type=int, default=4)
    parser.add_argument('--size', type=int, default=1024, help='side of a scene in pixels')
    parser.add_argument('--bands', type=int, choices=(3, 4), default=3)
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--labels', type=Path, help='polygons of the first half of the scenes')
    args = parser.parse_args()
    if args.scenes < 1:
        parser.error(f'need --scenes >= 1, got {args.scenes}')
    count = make_geotiffs(**vars(args))
    print(f'{args.scenes} scenes of {args.size} px in {args.out}')
    if args.labels:
        print(f'{count} polygons in {args.labels}')


if __name__ == '__main__':
    run_tool(main)
