"""Write the labelled folder layout: images/, masks/, classes.json, manifest.csv."""

import csv
import json
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from PIL import Image
from rasterio.errors import NotGeoreferencedWarning

IGNORE = 255


def write_image(stem: Path, image: NDArray[Any]) -> Path:
    """Write (H, W, bands) as PNG for three uint8 bands, else as TIFF; returns the path."""
    if image.shape[2] == 3 and image.dtype == np.uint8:
        path = stem.with_name(f'{stem.name}.png')
        # stored, not deflated: photos hardly shrink, and every epoch would inflate them again
        Image.fromarray(image).save(path, compress_level=0)
        return path
    path = stem.with_name(f'{stem.name}.tif')
    height, width, bands = image.shape
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', NotGeoreferencedWarning)
        with rasterio.open(
            path, 'w', 'GTiff', width, height, bands, dtype=image.dtype, compress='deflate'
        ) as raster:
            raster.write(image.transpose(2, 0, 1))
    return path


def write_mask(path: Path, ids: NDArray[np.uint8], palette: Sequence[Sequence[int]]) -> None:
    """Write (H, W) class ids as a palette PNG: the values are ids, viewers show colours."""
    mask = Image.fromarray(ids, mode='P')
    colours = np.zeros((256, 3), np.uint8)
    colours[: len(palette)] = palette
    mask.putpalette(colours.tobytes())
    mask.save(path, optimize=False)


def read_mask(path: Path) -> NDArray[np.uint8]:
    """Read class ids (H, W) from a palette or grey PNG."""
    return np.array(Image.open(path))


def colours_to_ids(
    mask: NDArray[np.uint8], ids: Mapping[tuple[int, int, int], int]
) -> tuple[NDArray[np.uint8], dict[str, int]]:
    """Turn a colour mask into class ids.

    Args:
        mask: (H, W, 3) colours.
        ids: Class id of each known colour.

    Returns:
        (H, W) ids, 255 where the colour is unknown, and the pixels of each unknown colour.
    """
    packed = mask.astype(np.uint32) @ np.array([65536, 256, 1], np.uint32)  # (H, W)
    table = {(r << 16) + (g << 8) + b: value for (r, g, b), value in ids.items()}
    found, inverse, counts = np.unique(packed, return_inverse=True, return_counts=True)
    values = np.array([table.get(int(colour), IGNORE) for colour in found], np.uint8)
    unknown = {
        f'#{int(colour):06X}': int(count)
        for colour, count in zip(found, counts, strict=True)
        if int(colour) not in table
    }
    return values[inverse].reshape(packed.shape), unknown


def write_description(
    out: Path,
    names: Sequence[str],
    palette: Sequence[Sequence[int]],
    rows: Sequence[Mapping[str, Any]],
) -> None:
    """Write ``classes.json`` and ``manifest.csv``, the manifest last: it marks completion."""
    classes = [
        {'id': index, 'name': name, 'color': '#{:02X}{:02X}{:02X}'.format(*colour)}
        for index, (name, colour) in enumerate(zip(names, palette, strict=True))
    ]
    text = json.dumps({'classes': classes, 'ignore_index': IGNORE}, indent=1)
    (out / 'classes.json').write_text(text + '\n', encoding='utf-8')
    with (out / 'manifest.csv').open('w', newline='', encoding='utf-8') as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator='\n')
        writer.writeheader()
        writer.writerows(rows)


def tile_origins(length: int, tile: int) -> list[int]:
    """Starts of the tiles along one axis; the last is shifted inwards, nothing is padded."""
    starts = list(range(0, length - tile + 1, tile))
    if starts[-1] + tile < length:
        starts.append(length - tile)
    return starts
