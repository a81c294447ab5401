"""Items of all processes, with gradients."""

import torch
from mmengine.dist import get_rank, get_world_size
from torch import Tensor
from torch.distributed.nn.functional import all_gather


def gather_items(*tensors: Tensor) -> tuple[Tensor, ...]:
    """Put the items of all processes behind each other, in the order of the ranks.

    Gradients flow back to the process that an item came from: the backward pass of the gather
    adds up what all processes' losses say of it. Every process must give the same number of
    items.

    Args:
        tensors: (N, ...) each.

    Returns:
        (R * N, ...) each, for R processes; the tensors themselves for one.
    """
    if get_world_size() == 1:
        return tensors
    return tuple(torch.cat(_attached(t) if t.is_floating_point() else _plain(t)) for t in tensors)


def own_items(count: int, device: torch.device) -> Tensor:
    """Indices of the items of this process among those of all: (count,)."""
    return torch.arange(count, device=device) + get_rank() * count


def _attached(tensor: Tensor) -> list[Tensor]:
    """Gather a tensor with gradients."""
    return list(all_gather(tensor))  # type: ignore[no-untyped-call]


def _plain(tensor: Tensor) -> list[Tensor]:
    """Gather a tensor without gradients."""
    parts = [torch.empty_like(tensor) for _ in range(get_world_size())]
    torch.distributed.all_gather(parts, tensor.contiguous())
    return parts
