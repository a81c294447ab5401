"""Training steps of GLCNet and of mmpretrain's SimCLR and DenseCL against the bare network.

The models are those of the shipped configs, the batch comes from their pipelines. A step is what
mmengine does in one: normalise, forward, loss, backward, optimiser. The bare network is GLCNet's
encoder-decoder on the same two views, with the mean of its output as the loss.

Example:
    python benchmarks/training_step.py --networks r18w16 lite0
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from data_tools import write_tiles
from loader import ON_DEVICE
from measure import report
from mmengine.config import Config
from mmengine.dataset import default_collate
from mmengine.optim import build_optim_wrapper
from mmengine.registry import DATASETS, MODELS, DefaultScope
from mmpretrain.structures import DataSample
from torch import Tensor

from glcnet_plugin.engine.run_config import read_config_file
from glcnet_plugin.models.selfsup.glcnet import GLCNet

CONFIGS = Path(__file__).resolve().parents[1] / 'configs'
_ENDS = {
    'r50': ('r50', 'r50-d3plus', '1xb64-amp-100e_rgb.py'),
    'lite0': ('lite0', 'lite0-d3plus', '1xb24-1000i_rgb-imagenet.py'),
    'r18w16': ('r18w16', 'r18w16-d3plus', '1xb32-60e_demo.py'),
}
NETWORKS = {
    network: {
        'bare': f'glcnet/glcnet_{wide}_{end}',
        'glcnet': f'glcnet/glcnet_{wide}_{end}',
        'simclr': f'baselines/simclr/simclr_{backbone}_{end}',
        'densecl': f'baselines/densecl/densecl_{backbone}_{end}',
    }
    for network, (backbone, wide, end) in _ENDS.items()
}
PRECISIONS: dict[str, dict[str, Any]] = {
    'fp32': {'optim_wrapper.type': 'OptimWrapper'},
    'tf32': {'optim_wrapper.type': 'OptimWrapper'},
    'fp16': {'optim_wrapper.type': 'AmpOptimWrapper', 'optim_wrapper.dtype': 'float16'},
    'bf16': {'optim_wrapper.type': 'AmpOptimWrapper', 'optim_wrapper.dtype': 'bfloat16'},
}


class BareNetwork(GLCNet):
    """GLCNet without its objective."""

    def loss(self, inputs: list[Tensor], data_samples: list[DataSample]) -> dict[str, Tensor]:
        """Mean of the dense map of both views."""
        _, dense_map = self.forward_maps(torch.cat(inputs))
        assert dense_map is not None
        return {'loss_mean': dense_map.float().mean()}


@dataclass(frozen=True)
class Case:
    """What is timed.

    Args:
        method: A key of ``NETWORKS[network]``.
        network: A key of ``NETWORKS``.
        precision: A key of ``PRECISIONS``; 'tf32' is fp32 with TF32 products.
        channels_last: Memory format of the weights.
        source: Where the batch lies: 'device', 'pinned' or 'pageable' memory of the host.
        device_views: Whether the data preprocessor makes the views, from tiles.
        options: Changes of the config by dotted key.
    """

    method: str
    network: str = 'r50'
    precision: str = 'fp32'
    channels_last: bool = False
    source: str = 'device'
    device_views: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)

    def config(self) -> Config:
        """The shipped config with the changes."""
        cfg = read_config_file(CONFIGS / NETWORKS[self.network][self.method])
        cfg.merge_from_dict({**PRECISIONS[self.precision], **self.options})
        if self.method == 'bare':
            cfg.model.type = BareNetwork
        if self.device_views:
            cfg.merge_from_dict(ON_DEVICE)
        return cfg


def draw_batch(case: Case, tiles: Path, count: int) -> dict[str, Any]:
    """A batch of ``count`` pairs of views as the loader of a case gives it.

    Args:
        case: What is trained.
        tiles: Folder of images.
        count: Pairs.

    Returns:
        ``inputs``, two uint8 tensors (B, bands, H, W), or one of tiles for views on the device;
        and ``data_samples``.
    """
    cfg = case.config().train_dataloader.dataset
    cfg.data_root = str(tiles)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        dataset = DATASETS.build(cfg)
    batch: dict[str, Any] = default_collate([dataset[i % len(dataset)] for i in range(count)])
    return batch


class Step:
    """One training step on one batch, again and again.

    Args:
        case: What is timed.
        batch: See :func:`draw_batch`.
        device: Where the network lies.
    """

    def __init__(self, case: Case, batch: Mapping[str, Any], device: str) -> None:
        cfg = case.config()
        torch.backends.cudnn.benchmark = cfg.env_cfg.cudnn_benchmark
        torch.backends.cuda.matmul.allow_tf32 = case.precision == 'tf32'
        torch.backends.cudnn.allow_tf32 = case.precision == 'tf32'
        with DefaultScope.overwrite_default_scope('mmpretrain'):
            self.model = MODELS.build(cfg.model)
            self.model.to(device)
            if case.channels_last:
                self.model.to(memory_format=torch.channels_last)
            self.optim_wrapper = build_optim_wrapper(self.model, cfg.optim_wrapper)
        self.model.train()
        self.batch = dict(batch)
        inputs = batch['inputs']
        if case.source == 'device':
            self.batch['inputs'] = (
                inputs.to(device) if isinstance(inputs, Tensor) else [x.to(device) for x in inputs]
            )
        elif case.source == 'pinned':
            self.batch['inputs'] = [view.pin_memory() for view in inputs]

    def __call__(self) -> dict[str, Tensor]:
        """Train on the batch; the losses."""
        losses: dict[str, Tensor] = self.model.train_step(self.batch, self.optim_wrapper)
        return losses


def step_seconds(
    step: Callable[[], Any], repeats: int, warmup: int, device: str = 'cpu'
) -> list[float]:
    """Seconds of each of ``repeats`` steps that follow each other without waiting.

    Args:
        step: What is timed.
        repeats: Number of times.
        warmup: Steps before them.
        device: 'cuda' for the times of the device, between events.

    Returns:
        The times.
    """
    for _ in range(warmup):
        step()
    if device == 'cpu':
        times = [time.perf_counter()]
        for _ in range(repeats):
            step()
            times.append(time.perf_counter())
        return [after - before for before, after in pairwise(times)]
    marks = [torch.cuda.Event(enable_timing=True) for _ in range(repeats + 1)]
    marks[0].record()
    for mark in marks[1:]:
        step()
        mark.record()
    torch.cuda.synchronize()
    return [before.elapsed_time(after) / 1000 for before, after in pairwise(marks)]


def compare(steps: Mapping[str, Callable[[], Any]], rounds: int) -> dict[str, dict[str, float]]:
    """Processor times of steps that take turns, so that all meet the same noise of the machine.

    Args:
        steps: By name; the first is the one that the others are compared with.
        rounds: Steps of each.

    Returns:
        By name: the median of the milliseconds, and the median of the ratios to the first step
        in the same round.
    """
    times: dict[str, list[float]] = {name: [] for name in steps}
    for step in steps.values():
        step_seconds(step, 0, 2)
    for _ in range(rounds):
        for name, step in steps.items():
            start = time.process_time()
            step()
            times[name].append(time.process_time() - start)
    first = next(iter(times.values()))
    return {
        name: {
            'ms': round(1000 * statistics.median(own), 2),
            'of_first': round(statistics.median(a / b for a, b in zip(own, first, strict=True)), 4),
        }
        for name, own in times.items()
    }


def main() -> None:
    """Measure on the CPU, in one thread and the memory format of the config; write the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--networks', nargs='+', choices=NETWORKS, default=['r18w16', 'lite0'])
    parser.add_argument('--batch', type=int, help='pairs; that of the config by default')
    parser.add_argument('--rounds', type=int, default=15)
    args = parser.parse_args()
    torch.set_num_threads(1)
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        write_tiles(Path(folder, 'tiles'), 64)
        for network in args.networks:
            cfg = Case('glcnet', network).config()
            count = args.batch or cfg.train_dataloader.batch_size
            last = 'channels_last' in cfg.default_hooks
            cases = [Case(m, network, channels_last=last) for m in ('bare', 'glcnet', 'simclr')]
            batch = draw_batch(cases[0], Path(folder, 'tiles/images'), count)
            steps = {case.method: Step(case, batch, 'cpu') for case in cases}
            figures[network] = {'batch': count, **compare(steps, args.rounds)}
    report('training_step', figures)


if __name__ == '__main__':
    main()
