r"""Draw the features of scenes: principal components, clusters, and more places like one.

Works with any checkpoint of a pretraining or segmentation network, or published weights. Writes
GeoTIFFs on the grid of the scene, and a picture that shows them beside it.

Example:
    python tools/feature_map.py data/scene.tif work_dirs/continued/iter_1000.pth --pca --clusters 8
    python tools/feature_map.py data/scene.tif imagenet://efficientnet_lite0 --like 500120,1999870
"""

import argparse
from pathlib import Path

from glcnet_plugin.utils.cli import exit_on_error, positive_number, run_tool
from glcnet_plugin.utils.quiet import quiet_imports

with exit_on_error(), quiet_imports():
    from glcnet_plugin.datasets.io.products import PRODUCT
    from glcnet_plugin.engine.run_config import CONFIGS
    from glcnet_plugin.errors import ConfigError
    from glcnet_plugin.inference.block_predictor import Tiling
    from glcnet_plugin.inference.feature_map import FeatureMap, clusters, components, likeness
    from glcnet_plugin.inference.feature_model import load_features
    from glcnet_plugin.inference.feature_scene import FeatureScene
    from glcnet_plugin.utils.allocator import keep_freed_memory
    from glcnet_plugin.visualization.beside import draw_beside

DEFAULT = CONFIGS / 'downstream/linear_lite0_1xb8-300i_few-labels.py'


def pair(text: str) -> tuple[float, float]:
    """Read two numbers with a comma between them, for argparse."""
    first, second = (float(part) for part in text.split(','))
    return first, second


def wanted(args: argparse.Namespace, scene: FeatureScene) -> dict[str, FeatureMap]:
    """What the options ask for, by title."""
    sample = scene.sample()
    maps: dict[str, FeatureMap] = {}
    if args.pca:
        maps['three principal components'] = components(sample)
    if args.clusters:
        maps[f'{args.clusters} clusters'] = clusters(sample, args.clusters)
    if args.like or args.like_pixel:
        row, column = scene.pixel_of(*args.like) if args.like else map(int, args.like_pixel)
        title = f'places like row {row}, column {column}'
        maps[title] = likeness(sample, scene.at(row, column))
    return maps


def main() -> int:
    """Write the maps and the picture of a scene.

    Returns:
        1 if a part of the scene could not be read, else 0.
    """
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add('scene', help='raster of any size')
    add('checkpoint', help='checkpoint, or published weights such as imagenet://NAME')
    add('--pca', action='store_true', help='three principal components as red, green and blue')
    add('--clusters', type=positive_number, metavar='K', help='clusters of k-means')
    place = parser.add_mutually_exclusive_group()
    text = 'places like that at these coordinates, in the CRS of the scene (--like=-77.1,13)'
    place.add_argument('--like', type=pair, metavar='X,Y', help=text)
    place.add_argument('--like-pixel', type=pair, metavar='ROW,COLUMN', help='the same, of a pixel')
    add('--out', type=Path, default=Path('maps'), help='folder to write (default: maps)')
    text = "config with the backbone, where the checkpoint holds none (default: Lite0's)"
    add('--config', type=Path, default=DEFAULT, help=text)
    add('--window', type=positive_number, help='pixels; default: the training crop')
    add('--device', help="such as 'cuda:1' or 'cpu'")
    args = parser.parse_args()
    if not (args.pca or args.clusters or args.like or args.like_pixel):
        raise ConfigError('nothing to draw: add --pca, --clusters K, --like X,Y or --like-pixel')
    model = load_features(args.checkpoint, args.config, args.device)
    if model.device.type == 'cpu':
        keep_freed_memory()
    tiling = Tiling.of(args.window or model.window, block=512)
    scene = FeatureScene(args.scene, model, tiling)
    maps = wanted(args, scene)
    paths = {title: scene.write(drawn, args.out) for title, drawn in maps.items()}
    picture = args.out / f'{Path(args.scene).stem}_features.png'
    draw_beside(args.scene, paths).savefig(picture, dpi=100, metadata={PRODUCT: 'features'})
    print('\n'.join(map(str, [*paths.values(), picture, *(f'note: {n}' for n in scene.notes)])))
    if scene.unreadable:
        print(
            f'{len(scene.unreadable)} windows could not be read or predicted and are nodata, the '
            f'first: {scene.unreadable[0]}'
        )
    return int(bool(scene.unreadable))


if __name__ == '__main__':
    run_tool(main)
