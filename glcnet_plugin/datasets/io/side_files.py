"""The files that GDAL reads along with an image: masks and places beside it, parts of a mosaic."""

from pathlib import Path

from rasterio.errors import RasterioError

from glcnet_plugin.datasets.io.headers import suffix_of
from glcnet_plugin.datasets.io.rasters import is_virtual, opened


def files_beside(address: str | Path, name: str) -> dict[str, str]:
    """Files beside an image that belong to it (.msk, .aux.xml, .tfw), to copy or link it.

    Args:
        address: Path or ``/vsi`` address of the image.
        name: File name that the image gets.

    Returns:
        Path or address of each, by the file name that it then needs; without the image itself.
    """
    image, wanted, found = Path(address), Path(name), {}
    for file in _listed(address):
        other = Path(file)
        if other.parent != image.parent or other == image:
            continue
        if other.name.startswith(f'{image.name}.'):
            found[f'{name}{other.name[len(image.name) :]}'] = file
        elif other.stem == image.stem:
            found[f'{wanted.stem}{other.suffix}'] = file
    return found


def files_of(path: str | Path) -> list[str]:
    """The files that decide what reading an image gives.

    Args:
        path: The image; of an address, nothing else is looked for.

    Returns:
        The image first, then what lies beside it, and the sources of a ``.vrt`` with theirs.
    """
    if is_virtual(path):
        return [str(path)]
    found, left = {str(path): None}, [str(path)]
    while left:
        current = left.pop()
        new = [file for file in sorted(_listed(current)) if file not in found]
        found.update(dict.fromkeys(new))
        if suffix_of(current) == '.vrt':
            left += new
    return list(found)


def _listed(path: str | Path) -> list[str]:
    """What GDAL lists as the files of an image; nothing where it cannot open it."""
    if suffix_of(path) == '.npy':
        return []
    try:
        with opened(path) as raster:
            return list(raster.files)
    except RasterioError:
        return []  # reading it will tell what is wrong
