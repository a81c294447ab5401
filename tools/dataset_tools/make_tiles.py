"""Cut a folder of large images into a folder of tiles, with their labels if it has any.

Images are read by windows, so that they may be of any size; tiles of nodata are left out. Masks
hold ids, or the colours that classes.json lists: other colours are counted and ignored. A mask of
ids in another CRS or resolution than its image, or of a part of it, is brought to the grid of the
image by the nearest pixel; what it does not cover is ignored. Tiles keep nodata and masks of the
images; the manifest says where each tile lies. A run that was stopped goes on where it was; images
and masks that have changed since, or files beside them (.msk, .aux.xml) or parts of a .vrt, are cut
again. Without manifest.csv, every image is a scene of its own; without masks/ and classes.json, the
tiles have no labels.

Example:
    python tools/dataset_tools/make_tiles.py data/dubai data/dubai_256 --tile 256
    python tools/dataset_tools/make_tiles.py data/scenes data/unlabelled_256
"""

from glcnet_plugin.datasets.io.rasters import ALPHA
from glcnet_plugin.datasets.tiling.labelled_folder import cut_folder
from glcnet_plugin.utils.cli import add_tile, run_tool, tool_parser


def main() -> None:
    """Cut."""
    parser = tool_parser(__doc__, 'folder of images, or labelled folder')
    add_tile(parser)
    text = 'what a band marked as alpha is: data like others, or the mask of the image'
    parser.add_argument('--alpha', choices=ALPHA[:2], default='data', help=text)
    text = 'masks hold 0 for no data and 1..N for the classes'
    parser.add_argument('--reduce-zero-label', action='store_true', help=text)
    text = 'leave tiles out that have no label, such as those between polygons'
    parser.add_argument('--labelled-only', action='store_true', help=text)
    args = parser.parse_args()
    print('\n'.join(cut_folder(**vars(args)).lines()))


if __name__ == '__main__':
    run_tool(main)
