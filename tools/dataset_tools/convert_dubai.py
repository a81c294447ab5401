"""Turn the Dubai aerial imagery dataset, as published, into a labelled folder of tiles.

The publisher (Humans in the Loop, CC0) offers folders 'Tile N' with 'images' and colour
'masks'; the zip archive does as well. Images that show the same ground get one group, so that a
split by group is honest.

Example:
    python tools/dataset_tools/convert_dubai.py "Semantic segmentation dataset" data/dubai_256
"""

from glcnet_plugin.datasets.tiling.dubai import convert_dubai
from glcnet_plugin.utils.cli import add_tile, run_tool, tool_parser


def main() -> None:
    """Convert."""
    parser = tool_parser(__doc__, 'published folder or zip with "Tile 1" ... "Tile 8"')
    add_tile(parser)
    args = parser.parse_args()
    print('\n'.join(convert_dubai(**vars(args)).lines()))


if __name__ == '__main__':
    run_tool(main)
