"""Items of all processes, with gradients."""

from typing import Any

import torch
from mmengine.dist import get_rank, get_world_size
from torch import Tensor
from torch.autograd import Function


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
    return tuple(_Gather.apply(tensor) for tensor in tensors)  # type: ignore[no-untyped-call]


def own_items(count: int, device: torch.device) -> Tensor:
    """Indices of the items of this process among those of all: (count,)."""
    return torch.arange(count, device=device) + get_rank() * count


class _Gather(Function):
    """all_gather whose backward pass adds up the gradients of all processes.

    torch.distributed.nn has one too; with gloo it exchanges the gradients process by process,
    which was seen to hang with torch 2.1.
    """

    @staticmethod
    def forward(ctx: Any, tensor: Tensor) -> Tensor:
        """(N, ...) of this process -> (R * N, ...) of all."""
        parts = [torch.empty_like(tensor) for _ in range(get_world_size())]
        torch.distributed.all_gather(parts, tensor.contiguous())
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        """(R * N, ...) of this process -> (N, ...), the sum over all processes."""
        total = gradients[0].contiguous().clone()
        torch.distributed.all_reduce(total)
        return total.chunk(get_world_size())[get_rank()]
