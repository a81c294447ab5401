"""Capture the input or output of a submodule."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn


@contextmanager
def capture_output(module: nn.Module) -> Iterator[list[Tensor]]:
    """Collect the outputs of ``module`` while the context is open.

    Args:
        module: A submodule of the network that is about to run.

    Yields:
        A list that receives one tensor per call of the module.
    """
    outputs: list[Tensor] = []

    def keep(_module: nn.Module, _inputs: Any, output: Tensor) -> None:
        outputs.append(output)

    handle = module.register_forward_hook(keep)
    try:
        yield outputs
    finally:
        handle.remove()


@contextmanager
def capture_input(module: nn.Module) -> Iterator[list[Tensor]]:
    """Collect the inputs of ``module`` while the context is open.

    Args:
        module: A submodule with one input, of the network that is about to run.

    Yields:
        A list that receives one tensor per call of the module.
    """
    inputs: list[Tensor] = []

    def keep(_module: nn.Module, given: tuple[Tensor]) -> None:
        inputs.append(given[0])

    handle = module.register_forward_pre_hook(keep)
    try:
        yield inputs
    finally:
        handle.remove()
