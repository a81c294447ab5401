"""Cut a labelled folder of large images into a labelled folder of tiles.

Images are read by windows, so that they may be of any size; tiles of nodata are left out. Masks
hold ids, or the colours that classes.json lists: other colours are counted and ignored. A run that
was stopped goes on where it was; images and masks that have changed since are cut again.

Example:
    python tools/dataset_tools/make_tiles.py data/dubai data/dubai_256 --tile 256
"""

from glcnet_plugin.datasets.tiling.labelled_folder import cut_folder
from glcnet_plugin.utils.cli import add_tile, run_tool, tool_parser


def main() -> None:
    """Cut."""
    parser = tool_parser(__doc__, 'labelled folder')
    add_tile(parser)
    args = parser.parse_args()
    print('\n'.join(cut_folder(**vars(args)).lines()))


if __name__ == '__main__':
    run_tool(main)
