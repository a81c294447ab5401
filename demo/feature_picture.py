"""Draw docs/images/features.png: a generated scene, and what its features show.

Principal components, clusters, and places like one, by ImageNet's weights and without any label.
Takes some minutes on a CPU.

Example:
    python demo/feature_picture.py --out docs/images/features.png
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
from map_picture import CONFIG, START, join_tiles, write_scene
from synthetic.make_scenes import make_scenes

from glcnet_plugin.datasets.io.folder_format import read_classes
from glcnet_plugin.inference.feature_map import clusters, components, likeness
from glcnet_plugin.inference.feature_model import load_features
from glcnet_plugin.inference.feature_scene import FeatureScene
from glcnet_plugin.utils.cli import run_tool
from glcnet_plugin.visualization.beside import draw_beside

CLASS = 'building'  # of the place that others are compared with


def middle(classes: np.ndarray, index: int) -> tuple[int, int]:
    """Pixel of a class that is nearest to the middle of the image, as row and column."""
    places = np.argwhere(classes == index)
    nearest = np.square(places - np.array(classes.shape) / 2).sum(1).argmin()
    row, column = places[nearest].tolist()
    return row, column


def main() -> None:
    """Make a scene, draw its features."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--out', type=Path, required=True, help='PNG to write')
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        make_scenes(work / 'tiles', scenes=1)
        image, classes = join_tiles(work / 'tiles', 's000')
        file = write_scene(work / 'scene.tif', image)
        scene = FeatureScene(file, load_features(START, CONFIG))
        sample = scene.sample()
        row, column = middle(classes, read_classes(work / 'tiles')['classes'].index(CLASS))
        maps = {
            'three principal components': components(sample),
            '8 clusters': clusters(sample, 8),
            f'places like row {row}, column {column}: a {CLASS}': likeness(
                sample, scene.at(row, column)
            ),
        }
        paths = {title: scene.write(drawn, work) for title, drawn in maps.items()}
        args.out.parent.mkdir(parents=True, exist_ok=True)
        draw_beside(file, paths).savefig(args.out, dpi=80)
    print(args.out)


if __name__ == '__main__':
    run_tool(main)
