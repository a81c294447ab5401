"""One linear layer on the maps of a backbone and on the map of a decoder."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from mmseg.models.utils import resize
from torch import Tensor, nn

from glcnet_plugin.models.channel_inference import build_head, build_part, fit_head
from glcnet_plugin.models.decode_heads.linear_head import LinearHead
from glcnet_plugin.registry import MODELS


@MODELS.register_module()
class LinearDecoderHead(LinearHead):
    """A :class:`LinearHead` that reads the map of another decode head, too.

    With the decode head of GLCNet as ``decoder``, and fitted alone, it is the linear probe of all
    that GLCNet pretrains. :func:`glcnet_plugin.checkpoints.loading.load_pretrained` fills the
    decoder from the decode head of a pretraining.

    Args:
        in_channels: Channels of each map of the backbone that is read.
        decoder: Config of a decode head, which reads the same maps; its ``num_classes`` is the
            number of channels of its map.
        kwargs: Further arguments of ``BaseDecodeHead``.

    Raises:
        ConfigError: If channels that are given do not fit.
    """

    def __init__(
        self, in_channels: int | Sequence[int], decoder: dict[str, Any], **kwargs: Any
    ) -> None:
        super().__init__(in_channels, **kwargs)
        fit = partial(fit_head, channels=np.ravel(in_channels).tolist(), backbone='the backbone')
        self.decoder: Any = build_head(partial(build_part, home='mmseg'), decoder, fit)
        self.channels += self.decoder.out_channels
        self.conv_seg = nn.Conv2d(self.channels, self.out_channels, kernel_size=1)

    def forward(self, inputs: Sequence[Tensor]) -> Tensor:
        """Classify each cell.

        Args:
            inputs: Maps of the backbone, (N, C, h, w) each.

        Returns:
            (N, classes, h, w) logits, at the resolution of the first map that is read.
        """
        stages = self._transform_inputs(inputs)
        dense = self.decoder([inputs[i] for i in np.ravel(self.in_index)])
        dense = resize(
            dense, stages.shape[2:], mode='bilinear', align_corners=self.decoder.align_corners
        )
        logits: Tensor = self.cls_seg(torch.cat([stages, dense], dim=1))
        return logits
