"""Turn DeepGlobe Land Cover, as published, into a labelled folder of tiles.

The zip or its folder holds <id>_sat.jpg and <id>_mask.png. Masks of the validation and test
images were never published; these images are left out.

Example:
    python tools/dataset_tools/convert_deepglobe.py land-train.zip data/deepglobe_256
"""

from glcnet_plugin.datasets.tiling.deepglobe import convert_deepglobe
from glcnet_plugin.utils.cli import add_tile, run_tool, tool_parser


def main() -> None:
    """Convert."""
    parser = tool_parser(__doc__, 'published folder or zip with <id>_sat.jpg, <id>_mask.png')
    add_tile(parser)
    args = parser.parse_args()
    print('\n'.join(convert_deepglobe(**vars(args)).lines()))


if __name__ == '__main__':
    run_tool(main)
