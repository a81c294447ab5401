"""Turn ISPRS Vaihingen, as published, into a labelled folder of tiles with the official split.

SOURCE holds ISPRS_semantic_labeling_Vaihingen.zip and, for the masks of all scenes,
..._Vaihingen_ground_truth_COMPLETE.zip or ..._ground_truth_eroded_COMPLETE.zip, or what they
unpack to, each in its own folder or all in one. Masks have the names of images: images are those
in folders named 'top', masks all others. With --labels noBoundary the pixels at the edges of
objects, which are black there, are ignored.

Example:
    python tools/dataset_tools/convert_vaihingen.py Vaihingen data/vaihingen_256
"""

from glcnet_plugin.datasets.tiling.vaihingen import ENDS, convert_vaihingen
from glcnet_plugin.utils.cli import add_tile, run_tool, tool_parser


def main() -> None:
    """Convert."""
    parser = tool_parser(__doc__, 'folder with the published archives or what they unpack to')
    add_tile(parser)
    parser.add_argument('--labels', choices=ENDS, default='all', help='default: all')
    args = parser.parse_args()
    print('\n'.join(convert_vaihingen(**vars(args)).lines()))


if __name__ == '__main__':
    run_tool(main)
