"""Tile file to batch: pairs of views per second, and the memory of a worker over many samples.

The loader and the views are those of the shipped config for 224 px. Sources: PNG tiles of 256 px,
stored without compression as the tools of this package do, and deflated; windows of tiled GeoTIFF
scenes; a cache of the decoded tiles. Views are made by the loader, or drawn by it and left to the
data preprocessor. The cases take turns, and the best of their rounds counts.

Example:
    python benchmarks/loader.py
    python benchmarks/loader.py --samples 100000
"""

import argparse
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import torch
from data_tools import write_tiles
from measure import report
from mmengine.config import Config
from mmengine.registry import DATASETS, DefaultScope
from mmengine.runner import Runner
from scene_windows import write_scene

from glcnet_plugin.datasets.io.tile_cache_writer import write_cache

CONFIG = Path(__file__).resolve().parents[1] / 'configs/_base_/datasets/unlabeled_224.py'
PIPELINE = 'train_dataloader.dataset.pipeline'
ON_DEVICE = {f'{PIPELINE}.2.type': 'glcnet_plugin.TwoViewsOnDevice'}
STARTS: dict[str, dict[str, Any]] = {  # how the workers of a loader are started
    '0 workers': {'num_workers': 0, 'persistent_workers': False},
    '1 worker': {'num_workers': 1},
    '2 workers': {'num_workers': 2},
    '2 workers, spawn': {'num_workers': 2, 'multiprocessing_context': 'spawn'},
}


@dataclass(frozen=True)
class Source:
    """Where samples come from.

    Args:
        root: Folder of the images.
        dataset: Its class.
        changes: Changes of the config by dotted key.
    """

    root: Path
    dataset: str = 'glcnet_plugin.UnlabeledRSDataset'
    changes: Mapping[str, Any] = field(default_factory=dict)

    def loader(self, start: Mapping[str, Any], batch: int) -> Any:
        """The shipped loader, with endless batches."""
        cfg = Config.fromfile(CONFIG)
        cfg.merge_from_dict(dict(self.changes))
        settings = cfg.train_dataloader
        settings.dataset.update(type=self.dataset, data_root=str(self.root))
        settings.update(batch_size=batch, sampler={'type': 'InfiniteSampler', 'shuffle': True})
        settings.update(start)
        with DefaultScope.overwrite_default_scope('mmpretrain'):
            return Runner.build_dataloader(settings)

    def loading_seconds(self, count: int) -> float:
        """Processor time of reading a tile, the median of ``count``."""
        cfg = Config.fromfile(CONFIG)
        cfg.merge_from_dict(dict(self.changes))
        settings = {**cfg.train_dataloader.dataset, 'type': self.dataset}
        with DefaultScope.overwrite_default_scope('mmpretrain'):
            dataset = DATASETS.build({**settings, 'data_root': str(self.root)})
        load, times = dataset.pipeline.transforms[0], []
        for index in range(count):
            begin = time.process_time()
            load(dataset.get_data_info(index % len(dataset)))
            times.append(time.process_time() - begin)
        return statistics.median(times)


def make_sources(folder: Path, tiles: int) -> tuple[dict[str, Source], dict[str, float]]:
    """Write tiles in both kinds of PNG, scenes of as many pixels, and the cache.

    Args:
        folder: Where to.
        tiles: Number of tiles.

    Returns:
        The sources by name, and the size and time of the cache.
    """
    write_tiles(folder / 'tiles', tiles)
    images = folder / 'tiles/images'
    (folder / 'scenes').mkdir()
    for index in range(max(1, tiles // 64)):
        write_scene(folder / f'scenes/s{index}.tif', 2048)
    paths, deflated = sorted(images.iterdir()), folder / 'deflated'
    deflated.mkdir()
    for path in paths:
        cv2.imwrite(str(deflated / path.name), cv2.imread(str(path)))
    begin = time.perf_counter()
    size = write_cache(folder / 'tiles.cache', paths)
    made = {
        'tiles': len(paths),
        'seconds': round(time.perf_counter() - begin, 2),
        'mib': round(size / 2**20, 1),
        'deflated_mib': round(sum(p.stat().st_size for p in deflated.iterdir()) / 2**20, 1),
    }
    cached = {f'{PIPELINE}.0.cache': str(folder / 'tiles.cache')}
    scenes = 'glcnet_plugin.UnlabeledSceneDataset'
    return {
        'PNG tiles': Source(images),
        'deflated PNG tiles': Source(deflated),
        'GeoTIFF scenes': Source(folder / 'scenes', scenes),
        'cache': Source(images, changes=cached),
        'PNG tiles, views on the device': Source(images, changes=ON_DEVICE),
        'cache, views on the device': Source(images, changes={**cached, **ON_DEVICE}),
    }, made


def pairs_per_second(
    loader: Any, batches: int, clock: Callable[[], float] = time.perf_counter
) -> float:
    """Speed of a loader when nobody is slower than it.

    Args:
        loader: The loader.
        batches: Batches to time; as many as its workers hold ready come before.
        clock: What to read; ``time.process_time`` without workers, so that other work on the
            machine hardly counts.

    Returns:
        Pairs per second.
    """
    ready = loader.num_workers * (loader.prefetch_factor or 1) + 1
    iterator = iter(loader)
    for _ in islice(iterator, ready):
        pass
    begin = clock()
    for _ in islice(iterator, batches):
        pass
    return batches * loader.batch_size / (clock() - begin)


def compare(cases: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """Best of the rounds of each case; the cases take turns."""
    found = [{name: case() for name, case in cases.items()} for _ in range(rounds)]
    return {name: round(max(row[name] for row in found), 1) for name in cases}


def private_mib(pid: int) -> float:
    """Memory of a process in MiB that no file backs, such as a cache (Linux)."""
    lines = Path(f'/proc/{pid}/status').read_text().splitlines()
    return sum(int(x.split()[1]) for x in lines if x.startswith('RssAnon')) / 1024


def worker_memory(loader: Any, samples: int, readings: int = 5) -> dict[str, list[float]]:
    """Memory of one worker while it gives samples.

    Args:
        loader: A loader with one worker.
        samples: How many.
        readings: How often to look, at equal distances.

    Returns:
        ``samples`` and ``mib`` at each reading.
    """
    before, iterator = {c.pid for c in multiprocessing.active_children()}, iter(loader)
    next(iterator)
    (pid,) = {c.pid for c in multiprocessing.active_children()} - before
    rows = []
    for _ in range(readings):
        count = -(-samples // (readings * loader.batch_size))
        for _ in islice(iterator, count):
            pass
        rows.append((count * loader.batch_size, round(private_mib(pid or 0), 1)))
    done = [sum(n for n, _ in rows[: i + 1]) for i in range(readings)]
    return {'samples': done, 'mib': [mib for _, mib in rows]}


def main() -> None:
    """Measure and write the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--tiles', type=int, default=1000)
    parser.add_argument('--batch', type=int, default=64)
    parser.add_argument('--batches', type=int, default=6, help='timed in a round')
    parser.add_argument('--rounds', type=int, default=2)
    parser.add_argument('--samples', type=int, default=20_000, help='of the memory of a worker')
    args = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(0)
    with tempfile.TemporaryDirectory() as folder:
        sources, cache = make_sources(Path(folder), args.tiles)
        figures: dict[str, Any] = {'batch': args.batch, 'cache': cache}
        figures['reading_ms'] = {
            name: round(1000 * sources[name].loading_seconds(300), 3)
            for name in ('PNG tiles', 'deflated PNG tiles', 'GeoTIFF scenes', 'cache')
        }

        def rates(start: str, clock: Callable[[], float]) -> dict[str, float]:
            def rate(source: Source) -> float:
                loader = source.loader(STARTS[start], args.batch)
                return pairs_per_second(loader, args.batches, clock)

            cases = {name: partial(rate, source) for name, source in sources.items()}
            return compare(cases, args.rounds)

        figures['pairs_per_second_of_a_core'] = rates('0 workers', time.process_time)
        figures['pairs_per_second'] = {name: rates(name, time.perf_counter) for name in STARTS}
        figures['worker'] = {}
        for name in ('fork', 'spawn'):
            start: dict[str, Any] = {'num_workers': 1, 'multiprocessing_context': name}
            loader = sources['PNG tiles'].loader(start, args.batch)
            figures['worker'][name] = worker_memory(loader, args.samples)
    report('loader', figures)


if __name__ == '__main__':
    main()
