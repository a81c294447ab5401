"""What the tools of this package write beside scenes: maps and masks, which are no data."""

import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from PIL import Image as PillowImage
from rasterio.errors import RasterioError

from glcnet_plugin.datasets.io.rasters import opened

PRODUCT = 'GLCNET_PRODUCT'  # tag of rasters, text of PNGs
# earlier versions wrote no such tag
OLDER_TAG, OLDER_BANDS = 'CLASS_0', ('confidence', 'entropy')
RASTERS = ('.tif', '.tiff')
# NAME_map.tif; of a stopped run, NAME_map.part.tif
NAME = re.compile(r'.+_(map|confidence|pca|\d+_clusters|like|features)(\.part|\.cog)?')


def is_product(path: Path) -> bool:
    """Whether a file says that a tool of this package has written it.

    Args:
        path: The file.

    Returns:
        Whether it does; other formats than TIFF and PNG, and what cannot be read, do not.
    """
    suffix = path.suffix.lower()
    with suppress(RasterioError, OSError, SyntaxError, ValueError):
        if suffix in RASTERS:
            with opened(path) as raster:
                tags = raster.tags()
                own = PRODUCT in tags or OLDER_TAG in tags
                return own or raster.descriptions == OLDER_BANDS
        if suffix == '.png':
            with PillowImage.open(path) as image:
                return PRODUCT in image.info
    return False


def products_among(paths: Iterable[Path]) -> set[Path]:
    """Products among the images of folders.

    A header is read only where the name is one of a product, or the first raster of the folder is a
    product, as in a folder of masks: a header takes as long as a small tile.

    Args:
        paths: The images.

    Returns:
        Those that are products.
    """
    found: set[Path] = set()
    of_products: dict[Path, bool] = {}
    for path in paths:
        if NAME.fullmatch(path.stem):
            candidate = True
        elif path.suffix.lower() in RASTERS:
            if path.parent not in of_products:
                of_products[path.parent] = is_product(path)
            candidate = of_products[path.parent]
        else:
            candidate = False
        if candidate and is_product(path):
            found.add(path)
    return found
