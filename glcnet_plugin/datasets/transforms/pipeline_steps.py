"""The transforms of a pipeline."""

from collections.abc import Iterator
from typing import Any

WRAPPED = ('transforms', 'pipelines', 'subroutines')


def pipeline_steps(pipeline: Any) -> Iterator[Any]:
    """List the transforms, those in wrappers, views and test-time augmentation too.

    Args:
        pipeline: ``Compose``, a list of built transforms, or one of them.

    Yields:
        Each transform, a wrapper before what it holds.
    """
    if not isinstance(pipeline, list | tuple):
        pipeline = [getattr(pipeline, key) for key in WRAPPED if hasattr(pipeline, key)]
    for step in pipeline:
        yield step
        yield from pipeline_steps(step)
