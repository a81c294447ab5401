"""What a contrastive head returns, for the algorithm and for hooks."""

from dataclasses import dataclass, fields

from torch import Tensor


@dataclass(frozen=True)
class BranchOutput:
    """Loss of one branch, and what it was computed from.

    Only the loss is required. Hooks skip what a head leaves out: without ``z1`` and ``z2`` no
    embedding metrics are logged, without ``boxes`` no regions are drawn.

    Args:
        loss: Scalar.
        chance: Scalar loss of uninformative embeddings, or None if unknown.
        z1: (N, D) embeddings of view 1, or None.
        z2: (N, D) embeddings of view 2; row i shows the same item as row i of ``z1``.
        valid: (N,) booleans, the items that enter the loss; None for all.
        boxes: (B, 2, K, 4) regions x0, y0, x1, y1 in view pixels, with N = B * K; None if the
            items are no regions.
    """

    loss: Tensor
    chance: Tensor | None = None
    z1: Tensor | None = None
    z2: Tensor | None = None
    valid: Tensor | None = None
    boxes: Tensor | None = None

    def detach(self) -> 'BranchOutput':
        """The same values without a graph."""
        values = (getattr(self, field.name) for field in fields(self))
        return BranchOutput(*(None if v is None else v.detach() for v in values))  # type: ignore[arg-type]
