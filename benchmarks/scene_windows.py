"""Windows per second from scenes, against decoding the whole image and cutting it.

Example:
    python benchmarks/scene_windows.py
    python benchmarks/scene_windows.py --images data/dubai/images
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import rasterio
from measure import peak_bytes, report
from rasterio.windows import Window

from glcnet_plugin.datasets.io.images import IMAGE_SUFFIXES, image_info, read_image

WINDOW = 256
BLOCK = 256
Job = tuple[str, tuple[int, int, int, int]]


def write_scene(path: Path, size: int) -> None:
    """Write a tiled, deflated RGB GeoTIFF of ``size`` x ``size`` px, block row by block row."""
    y, x = np.mgrid[:BLOCK, :size]
    noise = np.random.default_rng(0).integers(0, 12, (3, BLOCK, size))
    with rasterio.open(
        path, 'w', 'GTiff', size, size, 3, dtype='uint8', tiled=True, blockxsize=BLOCK,
        blockysize=BLOCK, compress='deflate', crs='EPSG:32643',
        transform=rasterio.Affine(0.5, 0, 5e5, 0, -0.5, 4e6),
    ) as raster:  # fmt: skip
        for top in range(0, size, BLOCK):
            rows = min(BLOCK, size - top)
            waves = 100 + 60 * np.sin((y + top) / 97) + 60 * np.cos(x / 131)
            values = (waves + noise)[:, :rows].astype(np.uint8)
            raster.write(values, window=Window(0, top, size, rows))


def write_tiled(source: Path, path: Path) -> None:
    """Copy an image into a tiled, deflated GeoTIFF."""
    image = read_image(source)
    height, width, bands = image.shape
    with rasterio.open(
        path, 'w', 'GTiff', width, height, bands, dtype=image.dtype, tiled=True,
        blockxsize=BLOCK, blockysize=BLOCK, compress='deflate',
    ) as raster:  # fmt: skip
        raster.write(image.transpose(2, 0, 1))


def draw_jobs(paths: Sequence[Path], count: int) -> list[Job]:
    """Random windows of images, large images more often."""
    rng = np.random.default_rng(1)
    infos = [image_info(path) for path in paths]
    area = np.array([info.height * info.width for info in infos], float)
    jobs = []
    for index in rng.choice(len(paths), count, p=area / area.sum()):
        info = infos[index]
        y, x = rng.integers((info.height - WINDOW + 1, info.width - WINDOW + 1)).tolist()
        jobs.append((str(paths[index]), (y, x, WINDOW, WINDOW)))
    return jobs


def by_window(job: Job) -> np.ndarray[Any, Any]:
    """Read the window."""
    return read_image(job[0], window=job[1])


def by_whole(job: Job) -> np.ndarray[Any, Any]:
    """Read everything, then cut."""
    y, x, height, width = job[1]
    return np.ascontiguousarray(read_image(job[0])[y : y + height, x : x + width])


def rate(read: Callable[[Job], Any], jobs: Sequence[Job]) -> float:
    """Windows per second in this process."""
    read(jobs[0])
    start = time.perf_counter()
    for job in jobs:
        read(job)
    return len(jobs) / (time.perf_counter() - start)


def compare(paths: Sequence[Path], windows: int, wholes: int) -> dict[str, float]:
    """Both ways on the same windows, as rates and as a ratio."""
    jobs = draw_jobs(paths, windows)
    fast, slow = rate(by_window, jobs), rate(by_whole, jobs[:wholes])
    return {
        'windows_per_s': round(fast, 1),
        'whole_then_cut_per_s': round(slow, 2),
        'ratio': round(fast / slow, 2),
    }


def read_many(path: Path, count: int) -> None:
    """Read windows all over a scene, to see how memory grows."""
    for job in draw_jobs([path], count):
        by_window(job)


def main() -> None:
    """Measure and write the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--images', type=Path, help='folder of further images to compare on')
    args = parser.parse_args()
    cv2.setNumThreads(1)
    figures: dict[str, Any] = {'window': WINDOW}
    with tempfile.TemporaryDirectory() as folder:
        for size in (10_000, 20_000):
            write_scene(Path(folder, f'{size}.tif'), size)
        figures['geotiff_10000'] = compare([Path(folder, '10000.tif')], 1000, 3)
        for size in (10_000, 20_000):
            for count in (200, 2000):
                grown = peak_bytes(partial(read_many, Path(folder, f'{size}.tif'), count))
                figures[f'peak_mib_{size}_px_{count}_windows'] = round(grown / 2**20, 1)
        if args.images is not None:
            paths = sorted(p for p in args.images.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES)
            figures['images_as_they_are'] = compare(paths, 300, 300)
            tiled = [Path(folder, f'{path.stem}.tif') for path in paths]
            for source, path in zip(paths, tiled, strict=True):
                write_tiled(source, path)
            figures['images_as_tiled_geotiff'] = compare(tiled, 1000, 300)
    report('scene_windows', figures)


if __name__ == '__main__':
    main()
