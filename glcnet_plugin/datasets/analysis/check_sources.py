"""What to check: a labelled folder, or two folders of images and masks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from glcnet_plugin.datasets.analysis.dataset_check import TRAIN
from glcnet_plugin.datasets.analysis.sample_checks import Expectation, Issue, Sample
from glcnet_plugin.datasets.io.folder_format import (
    label_rule,
    listed_names,
    mask_file,
    read_classes,
    read_manifest,
)
from glcnet_plugin.datasets.io.images import IMAGE_SUFFIXES
from glcnet_plugin.datasets.io.lists import files_by_name, images_below
from glcnet_plugin.errors import DataError


@dataclass
class CheckInputs:
    """Samples, what to expect of them, and the issues met while listing them."""

    samples: list[Sample] = field(default_factory=list)
    expected: Expectation = field(default_factory=Expectation)  # of the training data
    classes: Sequence[str] = ()
    issues: list[Issue] = field(default_factory=list)


def inputs_from_folder(
    folder: Path,
    lists: Mapping[str, Path],
    alpha: str = 'data',
    reduce_zero_label: bool = False,
) -> CheckInputs:
    """List a labelled folder: images/, masks/, classes.json, manifest.csv.

    Args:
        folder: The folder.
        lists: List of names for each split; empty to take all images as 'train'.
        alpha: What a band marked as alpha is, see :func:`read_raster`.
        reduce_zero_label: See :func:`label_rule`.

    Returns:
        The inputs.

    Raises:
        DataError: If a description or list is missing, or a list names something unknown.
    """
    meta = read_classes(folder)
    groups = {row['name']: row for row in read_manifest(folder)}
    images, issues = _by_stem(folder / 'images')
    issues += [
        Issue('error', 'not_listed', str(path), 'is not in the manifest')
        for name, path in images.items()
        if name not in groups
    ]
    samples = []
    for split, path in lists.items() or ((TRAIN, None),):
        names = list(groups) if path is None else listed_names(path, groups, folder)
        for name in names:
            if name not in images:
                text = f'{folder / "images"} has no such image'
                issues.append(Issue('error', 'image_missing', name, text))
                continue
            mask = str(mask_file(folder, name))
            row = groups[name]
            samples.append(Sample(split, str(images[name]), mask, row.get('group'), row=row))
    expected = Expectation(labels=label_rule(meta, reduce_zero_label), alpha=alpha)
    return CheckInputs(samples, expected, meta['classes'], issues)


def inputs_from_pairs(images: Path, masks: Path | None, expected: Expectation) -> CheckInputs:
    """Pair the images of a folder with the masks of another by their names.

    Args:
        images: Folder of images, searched with its subfolders.
        masks: Folder of masks, or None for images without labels.
        expected: What the user says of the data.

    Returns:
        The inputs.

    Raises:
        DataError: If there are no images.
    """
    files, issues = _by_stem(images)
    labels, more = ({}, []) if masks is None else _by_stem(masks)
    if not files:
        raise DataError(f'no image below {images} ends with {", ".join(IMAGE_SUFFIXES)}')
    issues += more + [
        Issue('warning', 'mask_alone', str(path), 'has no image')
        for name, path in labels.items()
        if name not in files
    ]
    samples = []
    for name, path in files.items():
        mask = None if masks is None else str(labels.get(name, masks / f'{name}.png'))
        samples.append(Sample(TRAIN, str(path), mask))
    return CheckInputs(samples, expected, (), issues)


def _by_stem(folder: Path) -> tuple[dict[str, Path], list[Issue]]:
    """Images below a folder by their place and stem; of two with one name, the first."""
    stems = ((p.relative_to(folder).with_suffix('').as_posix(), p) for p in images_below(folder))
    files = files_by_name(stems)
    issues = [
        Issue('error', 'name_twice', str(other), f'has the name of {first}: remove one')
        for first, *others in files.values()
        for other in others
    ]
    return {name: paths[0] for name, paths in files.items()}, issues
