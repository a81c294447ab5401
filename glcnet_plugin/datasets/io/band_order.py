"""Names of bands, compared between files: the same words in another order are other bands."""

from collections.abc import Sequence
from pathlib import Path

from glcnet_plugin.datasets.io.colour_bands import COLOURS
from glcnet_plugin.datasets.io.rasters import Bands
from glcnet_plugin.errors import DataError

Names = tuple[str | None, ...]


def chosen_names(names: Sequence[str | None], bands: Bands | None, count: int) -> Names:
    """Names of the bands that are read.

    Args:
        names: Names in the order of the file; fewer than its bands, or none, if it says none.
        bands: Bands that are chosen, by index or name; None for all.
        count: Number of bands of the file.

    Returns:
        One per band that is read; None where the file does not say.
    """
    known = (*names, *(None,) * count)
    chosen = range(count) if bands is None else bands
    return tuple(
        band if isinstance(band, str) else known[band] if band < len(known) else None
        for band in chosen
    )


def out_of_order(first: Sequence[str | None], second: Sequence[str | None]) -> bool:
    """Whether two files that name bands in the same words have other bands in a place.

    Files without a word in common may spell their bands in two ways, or carry dates in the names:
    nobody knows then.

    Args:
        first: Names of the bands of a file; None for those without.
        second: Those of another.

    Returns:
        Whether they differ; 'R', 'red' and 'Red' are the same.
    """
    one, other = _words(first), _words(second)
    common = shared_words(first, second)
    moved = any(one.index(word) != other.index(word) for word in common)
    pairs = zip(one, other, strict=False)
    return moved or (bool(common) and any(a != b for a, b in pairs if a and b))


def shared_words(first: Sequence[str | None], second: Sequence[str | None]) -> set[str]:
    """Names that two files have in common, in one spelling."""
    return set(_words(first)) & set(_words(second)) - {''}


def _words(names: Sequence[str | None]) -> list[str]:
    """Names in one spelling; '' for none."""
    letters = dict(COLOURS)
    words = [(name or '').strip().lower() for name in names]
    return [letters.get(word, word) for word in words]


class BandOrder:
    """The names of the bands of many files, which must not contradict each other.

    Attributes:
        first: Names in the first file that has some.
        source: That file.
        shared: Whether every file so far has them.
    """

    def __init__(self) -> None:
        self.first: Names | None = None
        self.source: str | Path = ''
        self.shared = True

    def check(self, path: str | Path, names: Sequence[str | None]) -> None:
        """Compare a file with the first one that names its bands.

        Args:
            path: The file.
            names: Names of its bands that are read.

        Raises:
            DataError: If it has the same words in another order.
        """
        if not any(names):
            self.shared = False
            return
        if self.first is None:
            self.first, self.source = tuple(names), path
        if self.first == tuple(names):  # as for each tile of a training
            return
        self.shared = False
        if out_of_order(self.first, names):
            raise DataError(
                f'{path} has the bands {_listed(names)}, {self.source} has {_listed(self.first)}: '
                'choose them by name, bands=[...], or give band_names if the files are wrong'
            )

    @property
    def names(self) -> list[str] | None:
        """Names that all files give to all bands, None if there are none."""
        if self.first is None or not self.shared or not all(self.first):
            return None
        return [str(name) for name in self.first]


def _listed(names: Sequence[str | None]) -> str:
    """Names as text."""
    return ', '.join(name or '(no name)' for name in names)
