"""Write the labelled folder layout: images/, masks/, splits/, classes.json, manifest.csv."""

import csv
import json
import warnings
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from PIL import Image
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import MemoryFile

from glcnet_plugin.datasets.io.masks import IGNORE
from glcnet_plugin.utils.atomic_io import replacing, write_atomic


def write_image(
    stem: Path,
    image: NDArray[Any],
    band_names: Sequence[str | None] = (),
    missing: NDArray[np.bool_] | None = None,
    **profile: Any,
) -> Path:
    """Write an image.

    Args:
        stem: Path without its suffix.
        image: (H, W, bands). Three uint8 bands without names, nodata and mask become a PNG, all
            else a TIFF.
        band_names: Names of the bands, which a TIFF keeps.
        missing: (H, W), where there is no data: the mask of a TIFF.
        profile: ``crs``, ``transform`` and ``nodata`` as rasterio takes them.

    Returns:
        The path.
    """
    plain = profile.get('nodata') is None and not any(band_names) and missing is None
    if image.shape[2] == 3 and image.dtype == np.uint8 and plain:
        path = stem.with_name(f'{stem.name}.png')
        # stored, not deflated: photos hardly shrink, and every epoch would inflate them again
        with replacing(path) as part:
            Image.fromarray(image).save(part, 'PNG', compress_level=0)
        return path
    path = stem.with_name(f'{stem.name}.tif')
    with replacing(path) as part:
        part.write_bytes(encode_tiff(image, band_names, missing, **profile))
    return path


def encode_tiff(
    image: NDArray[Any],
    band_names: Sequence[str | None] = (),
    missing: NDArray[np.bool_] | None = None,
    **profile: Any,
) -> bytes:
    """Encode an image as a TIFF; arguments as in :func:`write_image`."""
    height, width, bands = image.shape
    with (
        warnings.catch_warnings(),
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
        MemoryFile() as memory,
    ):
        warnings.simplefilter('ignore', NotGeoreferencedWarning)
        # by default GDAL would declare the fourth of four bands an alpha channel
        with memory.open(
            driver='GTiff', width=width, height=height, count=bands, dtype=image.dtype,
            compress='deflate', photometric='MINISBLACK', **profile,
        ) as raster:  # fmt: skip
            raster.write(image.transpose(2, 0, 1))
            if missing is not None:
                raster.write_mask(~missing)
            for number, name in enumerate(band_names, 1):
                raster.set_band_description(number, name)
        return bytes(memory.read())


def write_mask(path: Path, ids: NDArray[np.uint8], palette: Sequence[Sequence[int]]) -> None:
    """Write (H, W) class ids as a palette PNG: the values are ids, viewers show colours."""
    mask = Image.fromarray(ids, mode='P')
    colours = np.zeros((256, 3), np.uint8)
    colours[: len(palette)] = palette
    mask.putpalette(colours.tobytes())
    with replacing(path) as part:
        mask.save(part, 'PNG', optimize=False)


def write_description(
    out: Path,
    names: Sequence[str],
    palette: Sequence[Sequence[int]],
    rows: Sequence[Mapping[str, Any]],
) -> None:
    """Write ``classes.json``, if there are classes, and ``manifest.csv``.

    The manifest is written last: it marks completion.
    """
    classes = [
        {'id': index, 'name': name, 'color': '#{:02X}{:02X}{:02X}'.format(*colour)}
        for index, (name, colour) in enumerate(zip(names, palette, strict=True))
    ]
    if classes:
        write_json(out / 'classes.json', {'classes': classes, 'ignore_index': IGNORE})
    manifest = StringIO()
    columns = list(dict.fromkeys(key for row in rows for key in row))
    writer = csv.DictWriter(manifest, fieldnames=columns, lineterminator='\n')
    writer.writeheader()
    writer.writerows(rows)
    write_atomic(out / 'manifest.csv', manifest.getvalue())


def list_text(names: Sequence[str]) -> str:
    """Content of a list of image names, one per line, as the datasets read it."""
    return ''.join(f'{name}\n' for name in names)


def write_list(path: Path, names: Sequence[str]) -> None:
    """Write a list of image names; see :func:`list_text`."""
    write_atomic(path, list_text(names))


def write_json(path: Path, content: Any) -> None:
    """Write JSON; a reader sees the old file or the whole new one."""
    write_atomic(path, json.dumps(content, indent=1) + '\n')
