"""A decode head as a user writes it: no classifier of mmseg, no map between encoder and decoder."""

from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.registry import MODELS
from torch import nn


@MODELS.register_module()
class PlainHead(BaseDecodeHead):
    """Two convolutions on the last stage of the backbone."""

    def __init__(self, **settings):
        super().__init__(**settings)
        self.mix = nn.Sequential(
            nn.Conv2d(self.in_channels, self.channels, 3, padding=1), nn.ReLU()
        )

    def forward(self, inputs):
        return self.cls_seg(self.mix(self._transform_inputs(inputs)))
