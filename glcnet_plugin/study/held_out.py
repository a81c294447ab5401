"""Whether images to pretrain on show held-out ground."""

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath

from glcnet_plugin.datasets.analysis.geo_overlap import overlapping_pairs
from glcnet_plugin.datasets.io.folder_format import image_files
from glcnet_plugin.datasets.io.images import RASTER_SUFFIXES, image_size, known_info
from glcnet_plugin.datasets.io.lists import list_images
from glcnet_plugin.datasets.io.places import offset_in_name, offset_of, with_place
from glcnet_plugin.errors import DataError
from glcnet_plugin.study.digests import Digests

Row = Mapping[str, str]  # of a manifest
MAX_LISTED = 3


def require_unseen(root: str, rows: Sequence[Row], pretrain_root: str, digests: Digests) -> str:
    """Refuse to pretrain on images that show held-out ground.

    Args:
        root: Labelled folder.
        rows: Manifest rows of its held-out tiles.
        pretrain_root: Folder of the images to pretrain on, with its subfolders.
        digests: Digests of pixels.

    Returns:
        What was compared, and what was not.

    Raises:
        DataError: If an image is a held-out tile, shows its scene, or overlaps it.
    """
    others = [Path(path) for path in list_images(pretrain_root)]
    files = image_files(Path(root, 'images'))
    held = {row['name']: row for row in rows}
    images = {name: files[name] for name in held if name in files}
    copies = _copies(images, others, digests)
    same_name = [path for path in others if path.stem in held]
    elsewhere = [
        path
        for path in same_name
        if path.parent != Path(pretrain_root) and _differs(path, images.get(path.stem), digests)
    ]
    names = {path.stem for path in same_name if path not in elsewhere}
    georeferenced, overlaps = _overlaps(held, images, others)
    faults = {
        'of the held-out tiles': sorted(names | set(copies)),
        'images of their scenes': _scenes(held, images, others),
        'images that overlap them': overlaps,
    }
    if any(faults.values()):
        text = ' and '.join(
            f'{len(found)} {what}, such as {found[:MAX_LISTED]}'
            for what, found in faults.items()
            if found
        )
        raise DataError(
            f'pretrain_root {pretrain_root} holds {text}: remove them, or leave pretrain_root out'
        )
    text = (
        f'None of the {len(others)} images of {pretrain_root} has the name or the pixels of one of '
        f'the {len(held)} held-out tiles, or the name of its scene. '
    )
    if elsewhere:
        text += f'{len(elsewhere)} in subfolders have such a name, but other pixels. '
    if georeferenced == (len(held), len(others)):
        return f'{text}No extents overlap.'
    return (
        f'{text}Extents were compared where they are known, for {georeferenced[0]} held-out tiles '
        f'and {georeferenced[1]} images. Resampled or renamed images of the same ground are not '
        'recognised without them.'
    )


def _copies(images: Mapping[str, Path], others: Sequence[Path], digests: Digests) -> list[str]:
    """Held-out tiles with the pixels of another image; those of one size are compared."""
    sizes = {_size(path) for path in images.values()}
    contents = {digests.of_pixels(path) for path in others if _size(path) in sizes} - {None}
    return [name for name, path in images.items() if digests.of_pixels(path) in contents]


def _size(path: Path) -> tuple[int, int] | None:
    """Height and width; None for a file that cannot be read."""
    try:
        return image_size(path)
    except DataError:
        return None


def _differs(path: Path, tile: Path | None, digests: Digests) -> bool:
    """Whether an image is known to have other pixels than a tile."""
    sizes = [tile and _size(tile), _size(path)]
    if tile is None or None in sizes:
        return False
    return sizes[0] != sizes[1] or digests.of_pixels(path) != digests.of_pixels(tile)


def _scenes(
    held: Mapping[str, Row], images: Mapping[str, Path], others: Sequence[Path]
) -> list[str]:
    """Images that are a scene of held-out tiles, or a tile of it that shares pixels with them."""
    by_scene: dict[str, list[str]] = {}
    for name, row in held.items():
        if (scene := PurePath(row.get('source', '')).stem) and scene != name:
            by_scene.setdefault(scene, []).append(name)
    shown = []
    for path in others:
        place = offset_in_name(path.stem)
        if path.stem in by_scene:
            shown.append(str(path))
        elif place is not None and place.scene in by_scene:
            size = _size(path)
            for name in by_scene[place.scene]:
                tile = offset_of(held[name])
                tile_size = _size(images[name]) if name in images else None
                if tile and size and tile_size and all(
                    a < b + length and b < a + other
                    for a, b, length, other in zip(
                        (place.y, place.x), (tile.y, tile.x), tile_size, size, strict=True
                    )
                ):  # fmt: skip
                    shown.append(str(path))
                    break
    return shown


def _overlaps(
    held: Mapping[str, Row], images: Mapping[str, Path], others: Sequence[Path]
) -> tuple[tuple[int, int], list[str]]:
    """Numbers of tiles and images with known extents, and the images that overlap tiles."""
    tiles = [with_place(known_info(path), held[name]) for name, path in images.items()]
    tiles = [info for info in tiles if info.bounds is not None]
    rasters = [p for p in others if tiles and p.suffix.lower() in RASTER_SUFFIXES]
    located = [(path, info) for path in rasters if (info := known_info(path)).bounds is not None]
    if not located:
        return (len(tiles), 0), []
    pairs = overlapping_pairs(tiles, [info for _, info in located])
    shown = sorted({str(located[index][0]) for index in pairs[:, 1]})
    return (len(tiles), len(located)), shown
