"""Statistics and losses run in float32 even under autocast."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor


@contextmanager
def full_precision(*tensors: Tensor) -> Iterator[tuple[Tensor, ...]]:
    """Switch autocast off and give the tensors in at least float32.

    Half-precision means lose digits and ``exp(1 / 0.01)`` does not exist there; float64
    stays float64.

    Args:
        tensors: Tensors of any shape on one device.

    Yields:
        The tensors, half and bfloat16 ones cast to float32.
    """
    with torch.autocast(device_type=tensors[0].device.type, enabled=False):
        yield tuple(t.float() if t.dtype in (torch.half, torch.bfloat16) else t for t in tensors)
