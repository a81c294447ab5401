"""Palettes of label masks, compared with the colours of the classes."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.logging import print_log
from numpy.typing import NDArray

from glcnet_plugin.datasets.io.masks import Colour
from glcnet_plugin.errors import DataError

PADDING = ((0, 0, 0), (255, 255, 255))  # what writers fill a palette up with
_mapped: list[str] = []  # the first file that was mapped, to say it once


class PaletteError(DataError):
    """The palette of a mask contradicts the classes."""


def ids_by_palette(
    ids: NDArray[Any],
    palette: Mapping[int, Colour],
    wanted: Mapping[Colour, int],
    ignored: Collection[int],
    path: str | Path,
) -> NDArray[Any]:
    """Ids of a mask whose palette may list the colours of the classes in another order.

    Tools that turn colour masks into palette images order the palette by the colours of each
    image. A palette of other colours, such as that of a viewer, says nothing: the ids count.

    Args:
        ids: (H, W) values of the mask.
        palette: Colour of each value.
        wanted: Value that each colour should have.
        ignored: Values that are ignored.
        path: The mask, to name it.

    Returns:
        The ids; those of the colours where the palette holds colours of the classes alone, in
        another order.

    Raises:
        PaletteError: If the palette contradicts the classes in part.
    """
    order = palette_order(np.unique(ids).tolist(), palette, wanted, ignored, path)
    if not order:
        return ids
    if not _mapped:
        _mapped.append(str(path))
        print_log(
            f'the palette of {path} lists the colours of the classes in another order: its ids '
            f'are taken by colour, {order}; the same for all such masks',
            logger='current',
        )
    result = ids.copy()
    for old, new in order.items():
        result[ids == old] = new
    return result


def palette_order(
    used: Collection[int],
    palette: Mapping[int, Colour],
    wanted: Mapping[Colour, int],
    ignored: Collection[int],
    path: str | Path,
) -> dict[int, int]:
    """New value of each value, where a palette lists the colours of the classes otherwise.

    Args:
        used: Values that occur.
        palette: See :func:`ids_by_palette`.
        wanted: See :func:`ids_by_palette`.
        ignored: See :func:`ids_by_palette`.
        path: See :func:`ids_by_palette`.

    Returns:
        The values; empty if the ids count.

    Raises:
        PaletteError: See :func:`ids_by_palette`.
    """
    entries = {value: palette[value] for value in sorted(palette) if value not in ignored}
    used = [value for value in used if value not in ignored]
    new = {value: wanted[entries[value]] for value in used if entries.get(value) in wanted}
    wrong = [value for value in new if new[value] != value]
    if not wrong:
        return {}
    colours = list(entries.values())
    while colours and colours[-1] in PADDING:
        colours.pop()
    if colours and len({*new.values()}) == len(used) and set(colours) <= wanted.keys():
        return new
    telling = [value for value in wrong if entries[value] not in PADDING]
    if len(telling) > 1:
        first = telling[0]
        raise PaletteError(
            f'{path}: its palette gives {len(telling)} ids the colours of other classes, such as '
            f'{first} the colour {"#{:02X}{:02X}{:02X}".format(*entries[first])} of class '
            f'{new[first]}: correct classes.json, or say there what the values stand for '
            '("mapping": {"value": class id}, or "reduce_zero_label": true for 1..N with 0 as '
            'nodata)'
        )
    return {}
