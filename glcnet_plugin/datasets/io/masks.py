"""Label masks: class ids, or colours that stand for classes."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from mmengine import fileio
from numpy.typing import NDArray
from PIL import Image as PillowImage

from glcnet_plugin.datasets.io.images import (
    RASTER_SUFFIXES,
    decoded_by_lines,
    known_info,
    read_masked,
    readable,
)
from glcnet_plugin.datasets.io.rasters import Window, is_virtual
from glcnet_plugin.errors import DataError

IGNORE = 255
Colour = tuple[int, int, int]
# modes of Pillow with alpha or other colours, and what they hold without
PLAIN_MODES = {'LA': 'L', 'RGBA': 'RGB', 'PA': 'P', 'CMYK': 'RGB', 'YCbCr': 'RGB'}


@dataclass(frozen=True)
class StoredMask:
    """A mask as its file holds it."""

    values: NDArray[Any]  # ids (H, W), or colours (H, W, 3) as R, G, B
    missing: NDArray[np.bool_] | None = None  # (H, W): nodata by the file's own tag, or NaN
    palette: Mapping[int, Colour] = field(default_factory=dict)  # colour of each id

    def rows(self, start: int, stop: int) -> 'StoredMask':
        """The rows from one to another."""
        missing = None if self.missing is None else self.missing[start:stop]
        return StoredMask(self.values[start:stop], missing, self.palette)


def read_mask(
    path: str | Path, window: Window | None = None, backend_args: dict[str, Any] | None = None
) -> NDArray[Any]:
    """Values of :func:`read_stored_mask`, whose arguments and errors it has."""
    return read_stored_mask(path, window, backend_args).values


def read_stored_mask(
    path: str | Path, window: Window | None = None, backend_args: dict[str, Any] | None = None
) -> StoredMask:
    """Read a mask as it is stored.

    Args:
        path: File or ``/vsi`` address. A palette image gives its ids, not its colours.
        window: (y, x, height, width) in pixels; None for all.
        backend_args: Arguments of an MM file backend, which then fetches the whole file.

    Returns:
        The mask. Transparent pixels of a PNG are labelled: it often shows a class so.

    Raises:
        DataError: If the file is missing or damaged.
    """
    is_raster = Path(str(path)).suffix.lower() in RASTER_SUFFIXES
    if is_raster or is_virtual(path) or (window is not None and decoded_by_lines(path)):
        mask, missing = read_masked(path, None, window, backend_args, alpha='indices')
        if mask.shape[2] == 2:
            raise DataError(f'{path} has 2 bands: a mask has ids in one, or colours in three')
        where = None
        if is_raster and missing is not None:
            where = np.asarray(missing.any(-1))
        if mask.shape[2] > 2:
            return StoredMask(mask[:, :, :3], where)
        return StoredMask(mask[:, :, 0], where, {} if backend_args else known_info(path).palette)
    source: Any = path
    with readable(path), _any_size():
        if backend_args is not None:
            source = BytesIO(fileio.get(str(path), backend_args=backend_args))
        with PillowImage.open(source) as content:
            mode, step = PLAIN_MODES.get(content.mode), _grey_step(content)
            plain = content if mode is None else content.convert(mode)
            mask = np.array(plain) if step == 1 else np.array(plain) // step
            flat = (plain.mode == 'P' and plain.getpalette()) or []
    if window is not None:
        y, x, height, width = window
        mask = mask[y : y + height, x : x + width]
    colours = zip(flat[::3], flat[1::3], flat[2::3], strict=True)
    return StoredMask(mask, None, dict(enumerate(colours)))


def _grey_step(content: Any) -> int:
    """By what Pillow multiplies the values of an opened file: grey PNGs of 2 or 4 bits up to 255.

    Its tiles say it until they are decoded.
    """
    form = content.tile[0][3] if content.format == 'PNG' and content.tile else ''
    return {'L;2': 85, 'L;4': 17}.get(form, 1)


@contextmanager
def _any_size() -> Iterator[None]:
    """Let Pillow open masks of scenes: its limit is meant for files of strangers."""
    limit = PillowImage.MAX_IMAGE_PIXELS
    PillowImage.MAX_IMAGE_PIXELS = None
    try:
        yield
    finally:
        PillowImage.MAX_IMAGE_PIXELS = limit


def palette_ids(palette: Sequence[Sequence[int]]) -> dict[Colour, int]:
    """Id of each colour (R, G, B) of a palette: its place there."""
    return {(r, g, b): index for index, (r, g, b) in enumerate(palette)}


def own_colours(palette: Sequence[Sequence[int]]) -> dict[Colour, int]:
    """:func:`palette_ids` where every class has a colour of its own; else empty."""
    ids = palette_ids(palette)
    return ids if len(ids) == len(palette) else {}


def pack(colours: NDArray[Any]) -> NDArray[np.uint32]:
    """(..., 3) colours -> one number per colour."""
    return colours.astype(np.uint32) @ np.array([65536, 256, 1], np.uint32)


@dataclass
class OddColours:
    """Pixels of the colours of masks that are not in the legend."""

    unknown: Counter[str] = field(default_factory=Counter)  # '#010203'
    snapped: Counter[str] = field(default_factory=Counter)  # '#FCFF00 taken for #FFFF00'

    def update(self, unknown: Mapping[str, int], snapped: Mapping[str, int]) -> None:
        """Add pixels."""
        self.unknown.update(unknown)
        self.snapped.update(snapped)


def colours_to_ids(
    mask: NDArray[Any], ids: Mapping[Colour, int], snap: bool = False
) -> tuple[NDArray[np.uint8], OddColours]:
    """Turn a colour mask into class ids.

    Args:
        mask: (H, W, 3) colours as R, G, B.
        ids: Class id of each known colour.
        snap: Take each channel for 0 or 255, whichever is nearer, where a colour is unknown:
            for legends of pure colours whose masks went through lossy formats.

    Returns:
        (H, W) ids, 255 where the colour is unknown, and the colours that are not in ``ids``.
    """
    table = {int(pack(np.array(colour))): value for colour, value in ids.items()}
    colours, inverse, counts = np.unique(pack(mask), return_inverse=True, return_counts=True)
    values, odd = np.empty(len(colours), np.uint8), OddColours()
    for index, (colour, count) in enumerate(zip(colours.tolist(), counts.tolist(), strict=True)):
        near = sum(255 << shift for shift in (16, 8, 0) if colour >> shift & 255 >= 128)
        if colour in table:
            values[index] = table[colour]
        elif snap and near in table:
            values[index] = table[near]
            odd.snapped[f'#{colour:06X} taken for #{near:06X}'] += count
        else:
            values[index] = IGNORE
            odd.unknown[f'#{colour:06X}'] += count
    return values[inverse].reshape(mask.shape[:2]), odd


def few_colours(pixels: Mapping[str, int], most: int = 5) -> str:
    """Name the most frequent colours with their pixels."""
    ranked = Counter(pixels).most_common(most)
    more = f' and {len(pixels) - most} more' if len(pixels) > most else ''
    return ', '.join(f'{colour} ({count} px)' for colour, count in ranked) + more


def require_ids(mask: NDArray[Any], path: str | Path) -> NDArray[Any]:
    """Return the mask as integers if it holds ids, else raise DataError.

    Args:
        mask: As :func:`read_mask` gives it; whole numbers stored as floats are accepted, NaN
            is ignored.
        path: Its file, to name it.
    """
    if mask.ndim == 2 and not np.issubdtype(mask.dtype, np.floating):
        return mask.astype(np.uint8) if mask.dtype == np.bool_ else mask
    if mask.ndim == 2:
        whole = np.nan_to_num(np.rint(mask), nan=IGNORE).astype(np.int64)
        if np.array_equal(whole, np.nan_to_num(mask, nan=IGNORE)):
            return whole
        raise DataError(f'{path} holds fractions, class ids are whole numbers')
    raise DataError(
        f'{path} is a colour mask {mask.shape}, class ids (H, W) are expected: convert it once '
        'with a tool of tools/dataset_tools, or use a dataset class that knows the colours'
    )
