"""Turn ISPRS Potsdam, as published, into a labelled folder of tiles with the official split.

SOURCE holds the archives 2_Ortho_RGB.zip, 3_Ortho_IRRG.zip or 4_Ortho_RGBIR.zip and
5_Labels_all.zip or 5_Labels_all_noBoundary.zip, or what they unpack to. With --labels noBoundary
the pixels at the edges of objects, which are black there, are ignored.

Example:
    python tools/dataset_tools/convert_potsdam.py Potsdam data/potsdam_256 --bands RGBIR
"""

from glcnet_plugin.datasets.tiling.potsdam import BANDS, MASKS, convert_potsdam
from glcnet_plugin.utils.cli import add_tile, run_tool, tool_parser


def main() -> None:
    """Convert."""
    parser = tool_parser(__doc__, 'folder with the published archives or what they unpack to')
    add_tile(parser)
    parser.add_argument('--bands', choices=BANDS, default='RGB', help='default: RGB')
    parser.add_argument('--labels', choices=MASKS, default='all', help='default: all')
    args = parser.parse_args()
    print('\n'.join(convert_potsdam(**vars(args)).lines()))


if __name__ == '__main__':
    run_tool(main)
