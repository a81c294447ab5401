"""Cut a labelled folder of large images into a labelled folder of tiles.

Images are read by windows, so that they may be of any size. A run that was stopped goes on
where it was; images and masks that have changed since are cut again.

Example:
    python tools/dataset_tools/make_tiles.py data/dubai data/dubai_256 --tile 256
"""

from pathlib import Path

from cli import add_tile, run_tool, tool_parser
from tiler import Recipe, Scene, Summary, cut_scenes

from glcnet_plugin.datasets.descriptions import read_classes, read_manifest
from glcnet_plugin.datasets.images import IMAGE_SUFFIXES
from glcnet_plugin.errors import DataError


def folder_scenes(source: Path) -> list[Scene]:
    """List the images of a labelled folder.

    Args:
        source: The folder.

    Returns:
        The images in the order of the manifest.

    Raises:
        DataError: If an image or a mask of the manifest is missing.
    """
    images = {
        path.stem: path
        for path in sorted((source / 'images').glob('*.*'))
        if path.suffix.lower() in IMAGE_SUFFIXES
    }
    scenes = []
    for row in read_manifest(source):
        name = row['name']
        mask = source / 'masks' / f'{name}.png'
        if name not in images or not mask.is_file():
            raise DataError(
                f'{source} lacks the image or the mask of {name!r}: add images/{name}.* and '
                f'masks/{name}.png, or take the row out of manifest.csv'
            )
        scenes.append(Scene(name, row.get('group') or name, str(images[name]), str(mask)))
    return scenes


def cut_folder(source: Path, out: Path, tile: int = 256, workers: int | None = None) -> Summary:
    """Cut all images of a labelled folder.

    Args:
        source: The folder.
        out: Folder to write.
        tile: Side of a tile in pixels; 0 leaves images whole.
        workers: See :func:`cut_scenes`.

    Returns:
        What was done.

    Raises:
        DataError: If something is missing, or image, mask and tile do not fit.
    """
    meta = read_classes(source)
    recipe = Recipe(meta['classes'], meta['palette'], tile, ignored=[meta['ignore_index']])
    return cut_scenes(folder_scenes(source), recipe, out, workers=workers)


def make_tiles(source: Path, out: Path, tile: int = 256) -> int:
    """Cut all images of a labelled folder; returns the number of tiles."""
    return cut_folder(source, out, tile).tiles


def main() -> None:
    """Parse the command line and cut."""
    parser = tool_parser(__doc__, 'labelled folder')
    add_tile(parser)
    args = parser.parse_args()
    print('\n'.join(cut_folder(args.source, args.out, args.tile, args.workers).lines()))


if __name__ == '__main__':
    run_tool(main)
