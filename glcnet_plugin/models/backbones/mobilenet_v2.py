"""MobileNetV2 for any number of bands."""

from typing import Any

from mmcv.cnn import ConvModule
from mmseg.models.backbones import MobileNetV2

from glcnet_plugin.registry import MODELS


@MODELS.register_module()
class RSMobileNetV2(MobileNetV2):
    """MM's ``MobileNetV2``, whose first convolution takes any number of bands.

    Source: Sandler et al., CVPR 2018, https://arxiv.org/abs/1801.04381.

    Args:
        in_channels: Number of bands.
        kwargs: Arguments of MM's class.
    """

    def __init__(self, in_channels: int = 3, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        first = self.conv1.conv  # type: ignore[has-type]
        self.conv1 = ConvModule(
            in_channels,
            first.out_channels,
            first.kernel_size,
            stride=first.stride,
            padding=first.padding,
            conv_cfg=self.conv_cfg,
            norm_cfg=self.norm_cfg,
            act_cfg=self.act_cfg,
        )
