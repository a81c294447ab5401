"""Loss and gradients of a whole GLCNet: R processes with B images against one with R * B.

The network of the demo under DDP with gloo, both branches, batch normalisation in evaluation
mode, negatives of all processes. ``gradient`` is the largest absolute difference of the gradients,
``of_their_norm`` the norm of the difference relative to that of the gradient.

Example:
    python benchmarks/rank_gradients.py
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import torch.multiprocessing
from measure import no_options, report
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope
from mmpretrain.structures import DataSample
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from glcnet_plugin.engine.cpu_launch import leave_group

CONFIG = 'glcnet_r18w16-d3plus_1xb32-60e_demo.py'
IMAGES, SIDE = 3, 64  # per process
START = 'spawn'
CASES = [
    (ranks, dtype, uneven)
    for dtype in (torch.float64, torch.float32)
    for ranks in (2, 3, 4)
    for uneven in (False, True)
]


class Loss(nn.Module):
    """The total loss of a network as a forward pass, which DDP wraps."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, views: list[Tensor], samples: list[DataSample]) -> Tensor:
        """Sum of the losses."""
        total: Tensor = self.model.parse_losses(self.model.loss(views, samples))[0]
        return total


def network(dtype: torch.dtype) -> Loss:
    """The demo's network in evaluation mode, the same whenever it is built."""
    cfg = Config.fromfile(Path(__file__).parents[1] / 'configs/glcnet' / CONFIG)
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        model = MODELS.build(cfg.model)
    return Loss(model.to(dtype).eval())


def images_of(rank: int, uneven: bool) -> slice:
    """Images of a process: equally many, or one less in each but the first."""
    count = IMAGES - 1 if uneven and rank else IMAGES
    first = rank * (IMAGES - 1) + 1 if uneven and rank else rank * IMAGES
    return slice(first, first + count)


@contextmanager
def own_regions(model: Any, numbers: slice) -> Iterator[None]:
    """Draw the regions of image i from seed i, in whichever process it is."""
    head = model.local_head
    drawn = head.draw_regions

    def draw(matrices: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
        parts = []
        for number, matrix in zip(range(numbers.start, numbers.stop), matrices, strict=True):
            torch.manual_seed(100 + number)
            parts.append(drawn(matrix[None], size))
        boxes, valid = zip(*parts, strict=True)
        valid = torch.cat(valid)
        if numbers.start == 0:
            valid[0, :] = False  # an image without any valid region
        return torch.cat(boxes), valid

    head.draw_regions = draw
    try:
        yield
    finally:
        del head.draw_regions


def step(model: Any, dtype: torch.dtype, numbers: slice) -> tuple[Tensor, list[Tensor]]:
    """Loss and gradients of some images."""
    bare = model.module if isinstance(model, DistributedDataParallel) else model
    torch.manual_seed(1)
    views = torch.randn(2, 4 * IMAGES, 3, SIDE, SIDE, dtype=dtype)[:, numbers]
    sample = DataSample()
    sample.set_field(torch.eye(3).repeat(2, 1, 1), 'view_matrix')
    with own_regions(bare.model, numbers):
        loss = model(list(views), [sample] * views.shape[1])
    loss.backward()
    return loss.detach(), [p.grad for p in bare.parameters() if p.requires_grad]


def process(rank: int, ranks: int, dtype: torch.dtype, uneven: bool, folder: str) -> None:
    """Run one of the processes."""
    torch.set_num_threads(1)
    torch.distributed.init_process_group(
        'gloo', f'file://{folder}/meeting', rank=rank, world_size=ranks
    )
    result = step(DistributedDataParallel(network(dtype)), dtype, images_of(rank, uneven))
    torch.save(result, f'{folder}/{rank}.pt')
    leave_group()


def run(function: Callable[..., None], ranks: int, *arguments: Any) -> None:
    """Run a function in processes; it gets rank, number of processes and the arguments."""
    torch.multiprocessing.start_processes(function, (ranks, *arguments), ranks, start_method=START)


def compare(ranks: int, dtype: torch.dtype, uneven: bool) -> dict[str, Any]:
    """Differences between multiple processes and one."""
    with tempfile.TemporaryDirectory() as folder:
        run(process, ranks, dtype, uneven, folder)
        results = [torch.load(f'{folder}/{rank}.pt') for rank in range(ranks)]
    loss, expected = step(network(dtype), dtype, slice(0, images_of(ranks - 1, uneven).stop))
    mean = torch.stack([one[0] for one in results]).mean()
    return {
        'ranks': ranks,
        'dtype': str(dtype).removeprefix('torch.'),
        'uneven': uneven,
        'parameters': len(expected),
        'loss': float((mean - loss).abs() / loss.abs()),
        'gradient': max(difference(gradients, expected) for _, gradients in results),
        'of_their_norm': max(distance(gradients, expected) for _, gradients in results),
    }


def difference(gradients: list[Tensor], others: list[Tensor]) -> float:
    """Largest absolute difference."""
    pairs = zip(gradients, others, strict=True)
    return max(float((one - other).abs().max()) for one, other in pairs)


def distance(gradients: list[Tensor], others: list[Tensor]) -> float:
    """Norm of the difference of the gradients, relative to that of the second."""
    one, other = (torch.cat([g.flatten() for g in part]).double() for part in (gradients, others))
    return float((one - other).norm() / other.norm())


def main() -> None:
    """Compare all cases."""
    no_options(__doc__)
    os.environ['PYTHONWARNINGS'] = 'ignore'  # the hosts warn in every process
    report('rank_gradients', {'cases': [compare(*case) for case in CASES]})


if __name__ == '__main__':
    main()
