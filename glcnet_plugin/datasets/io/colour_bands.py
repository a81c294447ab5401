"""Which bands of an image are red, green and blue."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from glcnet_plugin.datasets.io.rasters import Bands, file_state, opened

COLOURS = (('r', 'red'), ('g', 'green'), ('b', 'blue'))
# three or four 8-bit bands are colours for GDAL where a file leaves it open
UNKNOWN = (('gray', 'undefined', 'undefined'), ('gray', 'undefined', 'undefined', 'undefined'))
PICTURES = ('.png', '.jpg', '.jpeg')
Names = tuple[str | None, ...]


def colour_bands(
    path: str | Path,
    count: int,
    bands: Bands | None = None,
    names: Sequence[str | None] | None = None,
    fetched: bool = False,
) -> list[int] | None:
    """Indices of red, green and blue, as far as somebody says so.

    Names are believed first: those given, then those of the file. Without names, the colour
    interpretation of the file counts; PNG and JPEG with three bands or more are colours, and so are
    three or four 8-bit bands of which the file says nothing.

    Args:
        path: File of the image.
        count: Bands that were read.
        bands: Bands that were chosen of the file, by index or name; None for all.
        names: Names of the bands in the order of the file, if it is not to be asked.
        fetched: Whether an MM file backend fetched the file, so that it is not at the path.

    Returns:
        Their indices in what was read; None where they are unknown or not all chosen.
    """
    picture = Path(str(path)).suffix.lower() in PICTURES
    said: Names = tuple(names or ())
    colours: Names = ()
    if not said and not picture and not fetched and Path(str(path)).suffix.lower() != '.npy':
        said, colours = _of_header(str(path), file_state(path))
    if not any(said):
        said = ('r', 'g', 'b') if picture and (bands is not None or count >= 3) else colours
    known = [(name or '').lower() for name in said]
    places = [next((i for i, n in enumerate(known) if n in words), None) for words in COLOURS]
    chosen = list(range(count)) if bands is None else _indices(bands, said)
    if not set(places) <= set(chosen):
        return None
    return [chosen.index(place) for place in places if place is not None]


def file_names(path: str | Path) -> Names:
    """Names that a file gives its bands, in its order; those of a PNG or JPEG are not asked for.

    Args:
        path: File of the image.

    Returns:
        One name or None per band; empty if no band has a name, or the colours of a palette are
        read.
    """
    if Path(str(path)).suffix.lower() in (*PICTURES, '.npy'):
        return ()
    names, colours = _of_header(str(path), file_state(path))
    # a palette is read as three bands
    return names if any(names) and 'palette' not in colours else ()


def _indices(bands: Bands, names: Names) -> list[int]:
    """Indices of the bands that were chosen; -1 for a name that is not known here."""
    return [
        band if isinstance(band, int) else names.index(band) if band in names else -1
        for band in bands
    ]


@lru_cache(4096)
def _of_header(path: str, state: tuple[int, ...]) -> tuple[Names, Names]:
    """Names and colour interpretation of the bands, read once as long as the file is the same."""
    with opened(path) as raster:
        colours = tuple(c.name for c in raster.colorinterp)
        if raster.dtypes[0] == 'uint8' and colours in UNKNOWN:
            colours = ('red', 'green', 'blue')
        return tuple(raster.descriptions), colours
