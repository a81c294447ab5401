"""Check one image and its mask."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glcnet_plugin.datasets.analysis.moments import Moments
from glcnet_plugin.datasets.io.alignment import misplacement
from glcnet_plugin.datasets.io.band_order import Names, chosen_names
from glcnet_plugin.datasets.io.blocks import read_blocks
from glcnet_plugin.datasets.io.images import RASTER_SUFFIXES, ImageInfo, image_info
from glcnet_plugin.datasets.io.labels import LabelRule
from glcnet_plugin.datasets.io.masks import (
    IGNORE,
    Colour,
    colours_to_ids,
    few_colours,
    read_stored_mask,
)
from glcnet_plugin.datasets.io.palettes import PaletteError
from glcnet_plugin.datasets.io.places import with_place
from glcnet_plugin.datasets.io.rasters import Bands
from glcnet_plugin.errors import DataError

MOSTLY_NODATA = 0.5


@dataclass(frozen=True)
class Expectation:
    """What the settings promise of the data; None where they say nothing."""

    num_bands: int | None = None
    bands: Bands | None = None
    alpha: str = 'data'  # what a band marked as alpha is
    band_names: Sequence[str] | None = None  # where the settings say them, not the files
    min_size: tuple[int, int] | None = None  # of the crop
    labels: LabelRule = field(default_factory=LabelRule)
    colour_ids: dict[Colour, int] = field(default_factory=dict)
    mean: tuple[float, ...] | None = None  # of the data preprocessor
    std: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Sample:
    """An image, its mask if it has one, and the split that it belongs to."""

    split: str
    image: str
    mask: str | None = None
    group: str | None = None
    expected: Expectation | None = None  # of its dataset, where datasets differ
    row: Mapping[str, str] = field(default_factory=dict)  # of the manifest


@dataclass
class Issue:
    """An 'error', which stops or spoils a training, a 'warning', or a 'note': an assumption."""

    level: str
    code: str
    file: str
    message: str


@dataclass
class SampleReport:
    """Issues and figures of a sample."""

    sample: Sample
    info: ImageInfo | None = None
    band_names: Names = ()  # of the bands that are read, by the file
    issues: list[Issue] = field(default_factory=list)
    digest: bytes = b''  # of the pixels
    nodata_share: float = 0.0
    moments: Moments | None = None
    class_pixels: NDArray[np.int64] | None = None  # (classes to train,)
    ignored_pixels: int = 0
    has_255: bool = False  # whether a value of the mask is 255

    @property
    def minimum(self) -> float:
        """Smallest value of all bands; infinity without values."""
        return (
            np.inf if self.moments is None else np.fmin.reduce(self.moments.minimum, initial=np.inf)
        )

    @property
    def maximum(self) -> float:
        """Largest value of all bands; minus infinity without values."""
        return (
            -np.inf
            if self.moments is None
            else np.fmax.reduce(self.moments.maximum, initial=-np.inf)
        )

    def add(self, level: str, code: str, message: str, file: str | None = None) -> None:
        """Add an issue of the image, or of another file."""
        self.issues.append(Issue(level, code, file or self.sample.image, message))


def check_sample(sample: Sample, expected: Expectation) -> SampleReport:
    """Open an image and its mask and compare them with what is expected.

    Args:
        sample: The sample.
        expected: What the settings say; the sample's own expectation goes first.

    Returns:
        The report; bad data are issues in it, never an exception.
    """
    expected = sample.expected or expected
    result = SampleReport(sample)
    try:
        result.info = with_place(image_info(sample.image, expected.alpha), sample.row)
        if expected.band_names is None:
            names = result.info.band_names
            result.band_names = chosen_names(names, expected.bands, result.info.bands)
        for code, text in result.info.remarks:
            result.add('warning' if code == 'scale_offset' else 'note', code, text)
        _inspect_pixels(result, result.info, expected)
    except DataError as error:
        result.add('error', 'image_unreadable', str(error))
    try:
        if sample.mask is not None:
            _inspect_mask(result, sample.mask, expected)
    except Exception as error:  # one bad file must not end the check of all
        text = f'{type(error).__name__}: {error}'
        result.add('error', 'mask_unreadable', text, sample.mask)
    return result


def _inspect_pixels(result: SampleReport, info: ImageInfo, expected: Expectation) -> None:
    """Read the values of an image."""
    digest = hashlib.blake2b(digest_size=16)
    nodata = not_finite = 0
    for image, missing in read_blocks(result.sample.image, info, expected.bands, expected.alpha):
        digest.update(str(image.shape).encode())
        digest.update(image.tobytes())
        if expected.num_bands not in (None, image.shape[2]):
            result.add('error', 'bands', f'{image.shape[2]} bands, expected {expected.num_bands}')
            return
        if np.iscomplexobj(image):
            result.add('error', 'complex', f'complex values ({image.dtype}): write real bands')
            return
        if missing is not None:
            nodata += int(missing.all(-1).sum())
        if np.issubdtype(image.dtype, np.floating):
            not_finite += int((~np.isfinite(image)).sum())
        block = Moments.of(image, missing)
        result.moments = block if result.moments is None else result.moments + block
    if result.minimum < result.maximum:  # empty images are alike without being the same
        result.digest = digest.digest()
    result.nodata_share = nodata / (info.height * info.width)
    if not_finite and info.nodata is None:
        result.add('warning', 'not_finite', f'{not_finite} values are NaN or infinite')
    if result.nodata_share == 1:
        result.add('error', 'all_nodata', 'every pixel is nodata: remove it')
    elif result.nodata_share > MOSTLY_NODATA:
        result.add('warning', 'nodata', f'{result.nodata_share:.0%} nodata')
    elif result.minimum == result.maximum:
        result.add('warning', 'constant', f'every value is {result.minimum:g}')
    small = expected.min_size
    if small is not None and (info.height < small[0] or info.width < small[1]):
        result.add(
            'error', 'too_small',
            f'{info.height}x{info.width} px, smaller than the crop of {small[0]}x{small[1]}',
        )  # fmt: skip


def _inspect_mask(result: SampleReport, path: str, expected: Expectation) -> None:
    """Read a mask and count its classes."""
    if not Path(path).exists():
        return result.add('error', 'mask_missing', f'the mask {path} does not exist')
    try:
        stored = read_stored_mask(path)
        mask = stored.values
        if result.info is not None and mask.shape[:2] != (result.info.height, result.info.width):
            sizes = f'{result.info.height}x{result.info.width}'
            text = f'{mask.shape[0]}x{mask.shape[1]} px, its image has {sizes}'
            return result.add('error', 'size', text, path)
        header = image_info(path, 'indices') if path.lower().endswith(RASTER_SUFFIXES) else None
        if result.info and header and (text := misplacement(result.info, header)):
            return result.add('error', 'misplaced', text, path)
        if mask.ndim == 3 and expected.colour_ids:
            mask, odd = colours_to_ids(mask, expected.colour_ids)
            if odd.unknown:
                text = f'unknown colours: {few_colours(odd.unknown)}'
                return result.add('error', 'unknown_colours', text, path)
        if mask.ndim == 3:
            colours = few_colours(colours_to_ids(mask, {})[1].unknown)
            text = (
                f'colours where class ids are expected: {colours}; make_tiles converts them by '
                'the colours of classes.json, the converters those of published sets'
            )
            return result.add('error', 'colour_mask', text, path)
        ids = expected.labels.file_ids(replace(stored, values=mask), path)
        if stored.missing is not None:
            text = f'{stored.missing.mean():.1%} of the pixels are nodata by its own tag: ignored'
            result.add('note', 'mask_nodata', text, path)
        elif stored.palette and (ids != mask).any():
            text = 'its palette lists the colours of the classes in another order: read by colour'
            result.add('note', 'palette_order', text, path)
        _count_labels(result, ids, path, expected.labels)
    except PaletteError as error:
        result.add('error', 'palette', str(error), path)
    except DataError as error:
        result.add('error', 'mask_unreadable', str(error), path)
    return None


def _count_labels(result: SampleReport, ids: NDArray[Any], path: str, rule: LabelRule) -> None:
    """Compare label values with the classes, and count the pixels of each."""
    if problem := rule.problem(ids):
        result.add('error', 'labels', problem, path)
    result.class_pixels = rule.count(ids)
    result.has_255 = bool((ids == IGNORE).any())
    labelled = int(result.class_pixels.sum())
    result.ignored_pixels = ids.size - labelled
    if not labelled and not problem:
        result.add('warning', 'only_ignored', 'every pixel has an ignored label', path)
