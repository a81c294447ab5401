"""Gather items of all processes, with gradients."""

from typing import Any

import torch
from mmengine.dist import all_reduce, get_rank, get_world_size
from torch import Tensor
from torch.autograd import Function


def gather_items(*tensors: Tensor) -> tuple[Tensor, ...]:
    """Concatenate the items of all processes, in the order of the ranks.

    Gradients flow back to the process that an item came from: the backward pass of the gather
    sums the gradients of the losses of all processes. A process with fewer items than another, as
    at the end of uneven data, is padded with zeros.

    Args:
        tensors: (n, ...) each, all of the same number of items n.

    Returns:
        (n,) indices of the items of this process among those of all, and the gathered tensors,
        (R * N, ...) each, for R processes of which the largest has N items.
    """
    own = torch.arange(len(tensors[0]), device=tensors[0].device)
    if get_world_size() == 1:
        return own, *tensors
    most = torch.tensor(len(own), device=own.device)
    all_reduce(most, 'max')
    count = int(most)
    gathered = [_Gather.apply(_fill_up(t, count)) for t in tensors]  # type: ignore[no-untyped-call]
    return own + get_rank() * count, *gathered


def unique_numbers(count: int, device: torch.device) -> Tensor:
    """Numbers (count,) that are unique across processes."""
    return torch.arange(count, device=device) + (get_rank() << 40)


def _fill_up(tensor: Tensor, count: int) -> Tensor:
    """(n, ...) -> (count, ...), padded with zeros."""
    missing = count - len(tensor)
    return torch.cat([tensor, tensor.new_zeros(missing, *tensor.shape[1:])]) if missing else tensor


class _Gather(Function):
    """all_gather whose backward pass sums the gradients of all processes.

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
