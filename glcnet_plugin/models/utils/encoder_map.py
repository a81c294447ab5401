"""Choose the encoder map of a network, whose style is described."""

from collections.abc import Sequence

from torch import Tensor, nn


def default_style_source(decode_head: nn.Module | None) -> str:
    """Submodule that gives the encoder map, by the family of the decode head.

    Heads that aggregate context before they decode (DeepLabV3, DeepLabV3+, PSPNet, UPerNet) end
    that part with a ``bottleneck``, whose output GLCNet describes (section III-B: the encoder
    is ResNet and ASPP). The others (FCN, SegFormer, Semantic FPN, LRASPP) have no such part:
    there the backbone is the encoder.

    Args:
        decode_head: Head of mmseg, or None.

    Returns:
        ``'decode_head.bottleneck'`` or ``'backbone'``.
    """
    has_context = isinstance(getattr(decode_head, 'bottleneck', None), nn.Module)
    return 'decode_head.bottleneck' if has_context else 'backbone'


def coarsest_map(maps: Sequence[Tensor]) -> Tensor:
    """Deepest of the maps of a backbone: the one with the fewest cells, of equals the last.

    U-Nets list their maps from coarse to fine, others from fine to coarse, plain transformers
    have one resolution.

    Args:
        maps: (N, C, h, w) each.

    Returns:
        One of them.
    """
    fewest = min(m.shape[-2] * m.shape[-1] for m in maps)
    return [m for m in maps if m.shape[-2] * m.shape[-1] == fewest][-1]
