"""One linear layer on the maps of a backbone."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from torch import Tensor

from glcnet_plugin.registry import MODELS


@MODELS.register_module()
class LinearHead(BaseDecodeHead):
    """A classifier of single pixels, and nothing else: fitted alone, it is the linear probe.

    MM's ``FCNHead(num_convs=0)`` is the same, but asks for the sum of all channels as ``channels``.

    Args:
        in_channels: Channels of the map, or of each of the maps.
        kwargs: Further arguments of ``BaseDecodeHead``.
    """

    def __init__(self, in_channels: int | Sequence[int], **kwargs: Any) -> None:
        super().__init__(in_channels, int(np.sum(in_channels)), **kwargs)

    def forward(self, inputs: Sequence[Tensor]) -> Tensor:
        """Classify each cell.

        Args:
            inputs: Maps of the backbone, (N, C, h, w) each.

        Returns:
            (N, classes, h, w) logits, at the resolution of the first map that is read.
        """
        logits: Tensor = self.cls_seg(self._transform_inputs(inputs))
        return logits
