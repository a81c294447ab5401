"""Make a pair of views: ours, and mmpretrain's stock transforms in the same roles.

The recipes are those that the configs ship. Tiles are decoded already and lie in memory; one
thread. The stock steps do what they can: they colour three bands of uint8 only, blur no float, turn
by an angle, and record no matrices. Both make their pairs in turns, and the time is that of the
processor, so that other work on the machine hardly counts.

Example:
    python benchmarks/views.py
"""

import os
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from measure import no_options, report
from mmcv.transforms import Compose
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpretrain.datasets.transforms import PackInputs
from torch.utils.data import default_collate

from glcnet_plugin.datasets.transforms.two_views import TwoViews

CONFIGS = Path(__file__).resolve().parents[1] / 'configs'
RECIPES = {  # config, side of the tile that the views are cut from
    'unlabeled_224': ('_base_/datasets/unlabeled_224.py', 256),
    'unlabeled_96': ('_base_/datasets/unlabeled_96.py', 192),
    'potsdam': ('glcnet/glcnet_r50-d3plus_1xb256-400e_potsdam.py', 256),
}
TILES = {
    '3 bands uint8': (3, 'uint8'),
    '4 bands uint8': (4, 'uint8'),
    '4 bands float32': (4, 'float32'),
}
DRAWS, BATCH = 1000, 64
Views = list[list[dict[str, Any]]]
Sample = dict[str, Any]


def recipe(config: str) -> Views:
    """The steps of both views of a config."""
    steps = Config.fromfile(CONFIGS / config).train_pipeline
    views: Views = next(step.to_dict() for step in steps if step.type.endswith('TwoViews'))['views']
    return views


def stock(views: Views, bands: int, dtype: str) -> Views:
    """The steps of mmpretrain in the roles of ours.

    Args:
        views: Our steps of both views.
        bands: Number of bands.
        dtype: Type of the tile.

    Returns:
        Its steps of both views.
    """
    crop = {**views[0][0], 'type': 'RandomResizedCrop'}
    second = [
        crop,
        dict(type='RandomFlip', prob=[0.2] * 3, direction=['horizontal', 'vertical', 'diagonal']),
        dict(type='Rotate', angle=90, prob=0.8),
    ]
    if bands == 3 and dtype == 'uint8':
        colour = dict(type='ColorJitter', brightness=15 / 255, saturation=5 / 255, hue=1 / 6)
        second.append(dict(type='RandomApply', prob=0.4, transforms=[colour]))
        second.append(dict(type='RandomGrayscale', prob=0.1, keep_channels=True))
    if dtype == 'uint8':
        second.append(dict(type='GaussianBlur', magnitude_range=(0.8, 1.4), prob=0.5))
    return [[crop], second]


def tile(side: int, bands: int, dtype: str) -> Sample:
    """A tile as the dataset and the loader hand it on.

    Args:
        side: Side in pixels.
        bands: Number of bands.
        dtype: 'uint8', or 'float32' with the range of the data.

    Returns:
        The sample.
    """
    noise = np.random.randint(0, 256, (side // 8, side // 8, bands), np.uint8)
    image = cv2.resize(noise, (side, side), interpolation=cv2.INTER_CUBIC)
    sample = {'img_path': 'tile', 'colour_bands': [0, 1, 2], 'img': image.astype(dtype)}
    if dtype != 'uint8':
        sample['value_range'] = np.array([[0.0] * bands, [255.0] * bands])
    return sample


def milliseconds(makers: dict[str, Callable[[], Any]], draws: int) -> dict[str, dict[str, float]]:
    """Processor times of functions that run in turns.

    Args:
        makers: The functions by name.
        draws: How often to run each.

    Returns:
        For each, mean, median and minimum in milliseconds.
    """
    times: dict[str, list[float]] = {name: [] for name in makers}
    for _ in range(draws):
        for name, make in makers.items():
            start = time.thread_time()
            make()
            times[name].append(1e3 * (time.thread_time() - start))
    kinds = {'mean': statistics.mean, 'median': statistics.median, 'min': min}
    return {
        name: {kind: round(of(values), 3) for kind, of in kinds.items()}
        for name, values in times.items()
    }


def single_steps(steps: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Steps without wrappers, each with a probability of 1 where it has one."""
    for step in steps:
        if 'transforms' in step:
            yield from single_steps(step['transforms'])
        else:
            prob = [1 / 3] * 3 if isinstance(step.get('prob'), list) else 1.0
            yield {**step, 'prob': prob} if 'prob' in step else step


def per_step(steps: list[dict[str, Any]], sample: Sample, draws: int) -> dict[str, float]:
    """Median milliseconds of each step when it is applied, on the view as cropped."""
    crop, *others = single_steps(steps)
    first = Compose([crop])
    view = first({**sample})
    built = {step['type'].removeprefix('glcnet_plugin.'): Compose([step]) for step in others}
    runs = {'TrackedRandomResizedCrop': lambda: first({**sample})}
    runs |= {name: lambda step=step: step({**view}) for name, step in built.items()}
    return {name: values['median'] for name, values in milliseconds(runs, draws).items()}


def packing(views: TwoViews, sample: Sample, batch: int) -> dict[str, float]:
    """Milliseconds per pair of packing the views, and of collating ``batch`` pairs."""
    pack, made = PackInputs(algorithm_keys=('view_matrix',)), views({**sample})
    packed = [pack({**made}) for _ in range(batch)]
    inputs = [sample['inputs'] for sample in packed]
    one = milliseconds({'PackInputs': lambda: pack({**made})}, batch)['PackInputs']
    all_ = milliseconds({'collate': lambda: default_collate(inputs)}, 5)['collate']
    return {'PackInputs': one['median'], 'collate': round(all_['median'] / batch, 3)}


def measured(config: str, side: int, bands: int, dtype: str, draws: int) -> dict[str, Any]:
    """All times of a recipe on a kind of tile, in milliseconds.

    Args:
        config: The config.
        side: Side of the tile in pixels.
        bands: Number of bands.
        dtype: Type of the tile.
        draws: Number of pairs.

    Returns:
        Those per pair, per step and of packing.
    """
    views, sample = recipe(config), tile(side, bands, dtype)
    ours, theirs = TwoViews(views), [Compose(steps) for steps in stock(views, bands, dtype)]
    makers = {
        'ours': lambda: ours({**sample}),
        'stock': lambda: [view({**sample}) for view in theirs],
    }
    milliseconds(makers, min(draws, 10))  # a warm-up
    per_pair = milliseconds(makers, draws)
    return {
        'ms_per_pair': per_pair,
        'stock_over_ours': round(per_pair['stock']['mean'] / per_pair['ours']['mean'], 2),
        'stock_steps': [[step['type'] for step in view] for view in stock(views, bands, dtype)],
        'ms_per_applied_step': per_step(views[1], sample, min(draws, 200)),
        'ms_per_pair_of_packing': packing(ours, sample, min(draws, BATCH)),
    }


def main() -> None:
    """Measure the recipes on the kinds of tiles."""
    no_options(__doc__)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    init_default_scope('mmpretrain')
    figures = {}
    for name, (config, side) in RECIPES.items():
        for kind, (bands, dtype) in TILES.items():
            if name != 'potsdam' or bands == 4:
                np.random.seed(0)
                key = f'{name}, {kind}'
                figures[key] = measured(config, side, bands, dtype, DRAWS)
    load = round(os.getloadavg()[0], 1)  # of the last minute; 1 is this script
    report('views', {'opencv': cv2.__version__, 'load': load, **figures})


if __name__ == '__main__':
    main()
