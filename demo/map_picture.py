"""Draw docs/images/scene_and_map.png: a generated scene, its map from 16 labelled tiles, the truth.

The classifier is a linear probe of ImageNet's features, fitted to tiles of other scenes. Takes some
minutes on a CPU.

Example:
    python demo/map_picture.py --out docs/images/scene_and_map.png
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from matplotlib.figure import Figure
from numpy.typing import NDArray
from rasterio.transform import from_origin
from synthetic.make_scenes import make_scenes

from glcnet_plugin.datasets.io.folder_format import image_files, read_classes, read_manifest
from glcnet_plugin.datasets.io.images import read_image
from glcnet_plugin.datasets.io.masks import read_mask
from glcnet_plugin.engine.run_config import CONFIGS
from glcnet_plugin.evaluation.confusion import confusion_matrix, confusion_scores
from glcnet_plugin.inference.fit_probe import fit_probe
from glcnet_plugin.inference.loading import load_model
from glcnet_plugin.inference.scene import predict_scene
from glcnet_plugin.utils.cli import run_tool

CONFIG = CONFIGS / 'downstream/linear_lite0_1xb8-300i_few-labels.py'
START = 'imagenet://efficientnet_lite0'
LABELLED = 16


def join_tiles(folder: Path, group: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """Image and classes of a scene of which the tiles are left.

    Args:
        folder: Labelled folder of tiles.
        group: The scene.

    Returns:
        (H, W, 3) image and (H, W) class ids.
    """
    files = image_files(folder / 'images')
    rows = [row for row in read_manifest(folder) if row['group'] == group]
    first = read_image(str(files[rows[0]['name']]))
    side = first.shape[0]
    size = max(int(row['y']) for row in rows) + side
    image = np.zeros((size, size, first.shape[2]), first.dtype)
    classes = np.zeros((size, size), np.uint8)
    for row in rows:
        y, x = int(row['y']), int(row['x'])
        image[y : y + side, x : x + side] = read_image(str(files[row['name']]))
        classes[y : y + side, x : x + side] = read_mask(folder / f'masks/{row["name"]}.png')
    return image, classes


def write_scene(path: Path, image: NDArray[Any]) -> Path:
    """Write an image (H, W, bands) as a GeoTIFF with a place on the ground."""
    with rasterio.open(
        path, 'w', driver='GTiff', height=len(image), width=image.shape[1],
        count=image.shape[2], dtype=image.dtype, tiled=True, crs='EPSG:32643',
        transform=from_origin(500_000, 2_000_000, 0.5, 0.5),
    ) as raster:  # fmt: skip
        raster.write(image.transpose(2, 0, 1))
    return path


def draw(image: NDArray[Any], predicted: NDArray[Any], truth: NDArray[Any], meta: Any) -> Figure:
    """The scene, its map with the Kappa, and the truth, with a legend of the classes."""
    colours = np.zeros((256, 3), np.uint8)
    colours[: len(meta['palette'])] = meta['palette']
    kappa = confusion_scores(confusion_matrix(predicted, truth, len(meta['classes'])))['Kappa']
    figure = Figure(figsize=(12, 4.6), layout='constrained')
    titles = (
        'a scene without labels', f'its map, from {LABELLED} labelled tiles of others: Kappa '
        f'{kappa:.2f}', 'the truth',
    )  # fmt: skip
    pictures = (image, colours[predicted], colours[truth])
    for axis, title, picture in zip(figure.subplots(1, 3), titles, pictures, strict=True):
        axis.imshow(picture)
        axis.set_title(title, fontsize=10)
        axis.set_axis_off()
    for name, colour in zip(meta['classes'], meta['palette'], strict=True):
        figure.axes[0].plot([], [], 's', color=np.array(colour) / 255, label=name)
    figure.legend(loc='outside lower center', ncols=len(meta['classes']), frameon=False)
    return figure


def main() -> None:
    """Make scenes, fit the probe, predict, draw."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--out', type=Path, required=True, help='PNG to write')
    parser.add_argument('--scenes', type=int, default=9, help='scenes to draw')
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        tiles = work / 'tiles'
        make_scenes(tiles, scenes=args.scenes)
        rows = read_manifest(tiles)
        shown = rows[-1]['group']
        others = [row['name'] for row in rows if row['group'] != shown]
        chosen = others[:: max(1, len(others) // LABELLED)][:LABELLED]
        (tiles / 'labelled.txt').write_text('\n'.join(chosen) + '\n', encoding='utf-8')
        image, truth = join_tiles(tiles, shown)
        scene = write_scene(work / 'scene.tif', image)
        checkpoint = fit_probe(START, tiles, work / 'probe', CONFIG, 'labelled.txt')
        report = predict_scene(scene, load_model(checkpoint), work / 'maps')
        with rasterio.open(report.path) as raster:
            predicted = raster.read(1)
        figure = draw(image, predicted, truth, read_classes(tiles))
        args.out.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(args.out, dpi=90)
    print(args.out)


if __name__ == '__main__':
    run_tool(main)
