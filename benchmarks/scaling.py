"""Predict the step of GLCNet on R GPUs from that on one, which gpu_suite.py measured.

A model on paper: no run on more than one GPU stands behind it. What each rank sends is counted
from the code: gradients, the statistics of synchronised batch normalisation, and the embeddings
that are the negatives of all ranks. ``--count`` counts the same in processes on this machine. Rates
and latencies of the network are assumptions.

Example:
    python benchmarks/scaling.py --ranks 8 64 512 --count 1 2 4
"""

import argparse
import json
import math
import tempfile
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any
from unittest.mock import patch

import rank_gradients
import torch
from measure import RESULTS, report
from mmengine.registry import MODELS, DefaultScope
from torch import nn
from training_step import Case

from glcnet_plugin.engine.cpu_launch import leave_group

FLOAT = 4  # bytes
# Times that a logit is read or written in the loss, forward and backward: product, mask,
# logsumexp (maximum, exponential, sum), their gradients, and the two products of the gradient.
PASSES = 20


@dataclass(frozen=True)
class Network:
    """Assumptions on the machines.

    Args:
        per_machine: GPUs of a machine, joined by NVLink.
        nvlink: Bytes per second and direction of a GPU within a machine.
        port: Bytes per second and direction of a GPU between machines; 200 Gb/s.
        latency: Seconds of a collective call within a machine.
        latency_per_hop: Further seconds for each doubling of the number of machines.
    """

    per_machine: int = 8
    nvlink: float = 450e9
    port: float = 25e9
    latency: float = 20e-6
    latency_per_hop: float = 10e-6

    def rate(self, ranks: int) -> float:
        """Bytes per second of a ring over some ranks: that of its slowest link."""
        return self.nvlink if ranks <= self.per_machine else self.port

    def wait(self, ranks: int) -> float:
        """Seconds of a collective call that carries nothing."""
        machines = max(1, ranks / self.per_machine)
        return self.latency + self.latency_per_hop * math.log2(machines)


@dataclass(frozen=True)
class Training:
    """What a rank computes and sends.

    Args:
        seconds: A step on one GPU.
        gigabytes_per_second: Copies on the device, read and written.
        parameters: Trained numbers.
        norms: Layers of batch normalisation.
        batch: Pairs of views per rank.
        regions: Regions per image.
        width: Length of an embedding.
    """

    seconds: float
    gigabytes_per_second: float
    parameters: int
    norms: int
    batch: int
    regions: int
    width: int


def embedding_bytes(training: Training) -> int:
    """Bytes of the embeddings that a rank gives to the others in a step, of both views."""
    return 2 * training.batch * (1 + training.regions) * training.width * FLOAT


def loss_seconds(training: Training, ranks: int) -> float:
    """Time of the similarities of a rank's items with those of all ranks."""
    logits = sum(4 * n * n * ranks for n in (training.batch, training.batch * training.regions))
    return PASSES * FLOAT * logits / (1e9 * training.gigabytes_per_second)


def predict(training: Training, ranks: int, network: Network, sync_norm: bool) -> dict[str, float]:
    """Parts of a step on some ranks.

    Args:
        training: What a rank computes and sends.
        ranks: R.
        network: The machines.
        sync_norm: Whether batch normalisation is synchronised.

    Returns:
        Milliseconds that each part adds to the step on one GPU, and the efficiency: that step
        over the predicted one.
    """
    wait = network.wait(ranks) if ranks > 1 else 0.0
    share = (ranks - 1) / ranks
    reduce = 2 * share * training.parameters * FLOAT / network.rate(ranks)
    hidden = 2 / 3 * training.seconds  # the backward pass, during which gradients are reduced
    # embeddings: an all_gather forward, an all_reduce of the gradients of all backward
    moved = 3 * (ranks - 1) * embedding_bytes(training)
    parts = {
        'gradients': max(0.0, reduce - hidden) + wait,
        'norm statistics': 2 * training.norms * wait if sync_norm else 0.0,
        # per branch: the number of items, two views and which of them are valid; two backward
        'embeddings': moved / network.rate(ranks) + 12 * wait,
        'loss': loss_seconds(training, ranks) - loss_seconds(training, 1),
    }
    step = training.seconds + sum(parts.values())
    return {
        **{f'{name}_ms': round(1000 * seconds, 3) for name, seconds in parts.items()},
        'embeddings_mb': round(moved / 1e6, 3),
        'step_ms': round(1000 * step, 2),
        'efficiency': round(training.seconds / step, 4),
    }


def count_traffic(ranks: int) -> dict[str, int]:
    """Count what a process of several gives to collective calls in a step of the demo's network.

    Args:
        ranks: R, processes on this machine.

    Returns:
        Bytes of ``embeddings`` that are gathered and of their ``gradients`` that are reduced, and
        the number of ``calls``.
    """
    with tempfile.TemporaryDirectory() as folder:
        rank_gradients.run(_count, ranks, folder)
        counts = [torch.load(f'{folder}/{rank}.pt') for rank in range(ranks)]
    if any(count != counts[0] for count in counts):
        raise RuntimeError(f'the processes gave different amounts: {counts}')
    return dict(counts[0])


def _count(rank: int, ranks: int, folder: str) -> None:
    torch.set_num_threads(1)
    distributed = torch.distributed
    distributed.init_process_group('gloo', f'file://{folder}/meet', rank=rank, world_size=ranks)
    model = rank_gradients.network(torch.float32)  # without DDP, whose calls are not of Python
    counts = Counter({'embeddings': 0, 'gradients': 0, 'calls': 0})
    gather, reduce = distributed.all_gather, distributed.all_reduce

    def add(name: str, tensor: torch.Tensor) -> None:
        counts['calls'] += 1
        if tensor.is_floating_point():
            counts[name] += tensor.nbytes

    def counting_gather(parts: list[torch.Tensor], tensor: torch.Tensor, **settings: Any) -> Any:
        add('embeddings', tensor)
        return gather(parts, tensor, **settings)

    def counting_reduce(tensor: torch.Tensor, *args: Any, **settings: Any) -> Any:
        add('gradients', tensor)
        return reduce(tensor, *args, **settings)

    with (
        patch.object(distributed, 'all_gather', counting_gather),
        patch.object(distributed, 'all_reduce', counting_reduce),
    ):
        rank_gradients.step(model, torch.float32, rank_gradients.images_of(rank, False))
    torch.save(dict(counts), f'{folder}/{rank}.pt')
    leave_group()


def shipped_training(suite: dict[str, Any]) -> Training:
    """The shipped ResNet-50, with the step that a suite measured.

    Args:
        suite: Content of the JSON file of gpu_suite.py.
    """
    cfg = Case('glcnet').config()
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        model = MODELS.build(cfg.model)
    row = suite['methods']['glcnet bf16 channels_last']
    return Training(
        seconds=row['ms'] / 1000,
        gigabytes_per_second=suite['ceilings']['copy']['gb_per_second'],
        parameters=sum(p.numel() for p in model.parameters() if p.requires_grad),
        norms=sum(isinstance(m, nn.modules.batchnorm._BatchNorm) for m in model.modules()),
        batch=row['batch'],
        regions=model.local_head.num_regions,
        width=model.local_head.out_channels,
    )


def main() -> None:
    """Predict, and write the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--ranks', type=int, nargs='+', default=[1, 8, 64, 512])
    parser.add_argument('--count', type=int, nargs='*', default=[1, 2, 4])
    args = parser.parse_args()
    suite = json.loads((RESULTS / 'gpu_suite.json').read_text())
    training, network = shipped_training(suite), Network()
    report('scaling', {
        'measured_on': suite['device'],
        'training': asdict(training),
        'network': asdict(network),
        **{
            f'{ranks} ranks, {name} norm': predict(training, ranks, network, name == 'synchronised')
            for ranks in args.ranks
            for name in ('synchronised', 'own')
        },
        'counted on a CPU, demo': {f'{ranks} ranks': count_traffic(ranks) for ranks in args.count},
    })  # fmt: skip


if __name__ == '__main__':
    main()
