"""Make the file that :class:`TileCache` reads."""

import os
import shutil
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from glcnet_plugin.datasets.io.band_order import BandOrder
from glcnet_plugin.datasets.io.images import image_info
from glcnet_plugin.datasets.io.rasters import Bands
from glcnet_plugin.datasets.io.tile_cache import (
    ENTRY,
    FOOTER,
    MAGIC,
    DecodedImage,
    TileCache,
    decode,
    image_key,
    image_state,
)
from glcnet_plugin.errors import DataError, StorageError
from glcnet_plugin.utils.atomic_io import replacing, require_other_file
from glcnet_plugin.utils.parallel import parallel_map


def write_cache(
    path: str | Path,
    images: Sequence[str | Path],
    bands: Bands | None = None,
    alpha: str = 'data',
    workers: int | None = None,
) -> int:
    """Decode images into a cache, which appears when it is complete.

    Args:
        path: The file.
        images: Image files.
        bands: See :func:`read_masked`.
        alpha: See :func:`read_masked`.
        workers: Processes that decode, see :func:`parallel_map`.

    Returns:
        Its size in bytes.

    Raises:
        DataError: If an image cannot be read, is the file to write, or has the bands of another one
            in another order.
        StorageError: If there is no room for the file, or it cannot be written.
    """
    path = Path(path)
    require_other_file(path, images)
    sizes = partial(_decoded_bytes, bands=bands, alpha=alpha)
    needed = sum(parallel_map(sizes, images, len(images), 'headers', workers))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _require_room(path, needed)
        keyed = partial(_decode, bands=bands, alpha=alpha)
        with replacing(path) as part, part.open('wb') as file:
            decoded = parallel_map(keyed, images, len(images), 'images', workers)
            order, rows = BandOrder(), []
            for image, item in zip(images, decoded, strict=True):
                order.check(image, item[2].names)
                rows.append(_append(file, *item))
            entries = np.array(rows, ENTRY)
            index = _pad(file)
            file.write(np.sort(entries, order='key').tobytes())
            file.write(np.array([(index, len(entries), MAGIC)], FOOTER).tobytes())
            file.flush()
            os.fsync(file.fileno())  # the name must not become valid before the content
    except OSError as error:
        if isinstance(error, StorageError):
            raise
        raise StorageError(f'{path} could not be written: {error.strerror or error}') from error
    return path.stat().st_size


def changed_images(
    cache: TileCache, images: Iterable[str], bands: Bands | None = None, alpha: str = 'data'
) -> list[str]:
    """Images that are not in a cache, or have changed since; see :func:`write_cache`."""
    return [path for path in images if not cache.holds(path, bands, alpha)]


def _decoded_bytes(path: str | Path, bands: Bands | None, alpha: str) -> int:
    """Bytes of an image and its mask in the cache."""
    info = image_info(path, alpha)
    count = info.height * info.width * (info.bands if bands is None else len(bands))
    return count * np.dtype(info.dtype).itemsize + info.may_miss * (count // 8) + ENTRY.itemsize


def _decode(
    path: str | Path, bands: Bands | None, alpha: str
) -> tuple[np.uint64, tuple[int, int], DecodedImage]:
    """Key, state and content of an image."""
    state = image_state(path)
    if state is None:
        raise DataError(f'{path} is no file here: only files can be kept in a cache')
    return image_key(path, bands, alpha), state, decode(path, bands, alpha=alpha)


def _append(
    file: Any, key: np.uint64, state: tuple[int, int], decoded: DecodedImage
) -> tuple[Any, ...]:
    """Write an image; its entry in the index."""
    image, missing, colours, _ = decoded
    offset, mask = _pad(file), -1
    file.write(np.ascontiguousarray(image).tobytes())
    if missing is not None and missing.any():
        mask = file.tell()
        file.write(np.packbits(missing).tobytes())
    return key, state, offset, image.shape, image.dtype.str, mask, colours or (-1, -1, -1)


def _pad(file: Any) -> int:
    """Fill up to a multiple of 64 bytes; the place in the file."""
    file.write(bytes(-file.tell() % 64))
    return int(file.tell())


def _require_room(path: Path, needed: int) -> None:
    """Raise StorageError if a disk has not as many bytes as are needed."""
    free = shutil.disk_usage(path.parent).free
    if needed > free:
        raise StorageError(
            f'{path} needs {needed / 2**30:.2f} GiB ({needed} bytes), its disk has '
            f'{free / 2**30:.2f} GiB ({free} bytes) free: choose a folder on another disk, or '
            'fewer images'
        )
