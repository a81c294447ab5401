"""What is cut, how, and the result: the data of the tiler."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from glcnet_plugin.datasets.io.labels import LabelRule
from glcnet_plugin.datasets.io.masks import IGNORE, Colour, OddColours, few_colours, own_colours


@dataclass(frozen=True)
class Scene:
    """An image and its mask: paths, or addresses of :mod:`archives`."""

    name: str
    group: str
    image: str
    mask: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)  # columns of the manifest


@dataclass(frozen=True)
class Recipe:
    """What is made of every scene."""

    classes: Sequence[str]
    palette: Sequence[Sequence[int]]
    tile: int = 256  # 0 leaves scenes whole
    colours: Mapping[Colour, int] | None = None  # None: masks hold ids
    ignored: Sequence[int] = ()  # ids to ignore besides 255
    reduce_zero_label: bool = False  # 0 is ignored, the classes are 1..N
    mapping: Mapping[int, int] = field(default_factory=dict)  # class of each value of the masks
    alpha: str = 'data'  # or 'mask': what a band marked as alpha is
    snap: bool = False  # see colours_to_ids
    bands: Sequence[int] | None = None
    band_names: Sequence[str] = ()
    labelled_only: bool = False  # leave tiles out whose pixels are all ignored
    options: Mapping[str, str] = field(default_factory=dict)  # what else decides the result

    @property
    def rule(self) -> LabelRule:
        """Which values masks of ids hold."""
        return LabelRule(
            len(self.classes), self.reduce_zero_label, self.ignored,
            mapping=self.mapping, colours=own_colours(self.palette),
        )  # fmt: skip

    def settings(self) -> dict[str, Any]:
        """Return the recipe in the types that JSON gives back."""
        content = asdict(self)
        if not self.labelled_only:  # folders that were begun before there was a choice go on
            del content['labelled_only']
        if self.colours is not None:
            pairs = sorted(self.colours.items())
            content['colours'] = {'#{:02X}{:02X}{:02X}'.format(*rgb): value for rgb, value in pairs}
        return dict(json.loads(json.dumps(content)))


@dataclass(frozen=True)
class Summary:
    """What was done."""

    out: Path
    recipe: Recipe
    scenes: int
    earlier: int  # scenes that a run before had finished
    tiles: int
    empty: int  # tiles of nodata, or without a label, which are not written
    pixels: Mapping[int, int]  # of the scenes, by class id
    odd: OddColours
    seconds: float

    def lines(self) -> list[str]:
        """Lines to print: counts, shares of the classes, colours that are not in the legend."""
        what = f'tiles of {self.recipe.tile} px' if self.recipe.tile else 'whole images'
        lacking = 'data or labels' if self.recipe.labelled_only else 'data'
        before = f' ({self.earlier} done earlier)' if self.earlier else ''
        names = {**dict(enumerate(self.recipe.classes)), IGNORE: '(ignored)'}
        total = max(1, sum(self.pixels.values()))
        shares = [f'  {name:20} {self.pixels.get(i, 0) / total:8.2%}' for i, name in names.items()]
        snapped, unknown = self.odd.snapped, self.odd.unknown
        return [
            f'{self.scenes} scenes{before}, {self.tiles} {what} in {self.out}, '
            f'{self.seconds:.0f} s',
            *([f'{self.empty} tiles without {lacking} left out'] if self.empty else []),
            *(shares if self.recipe.classes else []),
            *([f'colours beside the legend: {few_colours(snapped)}'] if snapped else []),
            *([f'unknown colours, ignored: {few_colours(unknown)}'] if unknown else []),
        ]
