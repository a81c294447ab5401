"""Stack bands that lie in multiple folders into one GeoTIFF per image, with the bands named.

Files of one name belong together: images/a.jpg and nir/a.jpg become images/a.tif. A file pattern
with one '*' takes what stands for the '*' as the name, as one file per band needs it. What the mask
of one file leaves out is left out in all bands. Label masks, classes.json, manifest.csv, splits and
licence are copied. A run that was stopped goes on where it was.

Example:
    python tools/dataset_tools/stack_bands.py data/s2 data/s2_rgbn --folders images nir \
        --names R G B NIR
    python tools/dataset_tools/stack_bands.py S2.SAFE/R10m data/s2 --folders '*_B04_10m.jp2' \
        '*_B08_10m.jp2' --names R NIR
"""

from glcnet_plugin.datasets.tiling.band_stacking import stack_folder
from glcnet_plugin.utils.cli import run_tool, tool_parser


def main() -> None:
    """Stack."""
    parser = tool_parser(__doc__, 'folder above the folders with bands')
    parser.add_argument('--folders', nargs='+', required=True, help='folders or file patterns')
    parser.add_argument('--names', nargs='+', required=True, help='names of the bands, in order')
    args = parser.parse_args()
    count, written = stack_folder(**vars(args))
    print(f'{count} images of {len(args.names)} bands in {args.out}, {written} of them written now')


if __name__ == '__main__':
    run_tool(main)
