"""Segmentation network whose parts fit each other."""

from typing import Any

import torch
from mmseg.models import EncoderDecoder
from torch import Tensor, nn

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.geometry import window_starts
from glcnet_plugin.models.channel_inference import build_head, build_neck
from glcnet_plugin.registry import MODELS

Cfg = dict[str, Any]
# of slide inference that pass through the network together: windows, and their pixels, which bound
# the memory
WINDOWS, PIXELS = 16, 16 * 256**2


@MODELS.register_module()
class RSEncoderDecoder(EncoderDecoder):
    """MM's ``EncoderDecoder`` that infers the channels between its parts.

    Configs may leave out ``in_channels`` and ``c1_in_channels``, so that a backbone or a head
    is swapped by one line. In slide mode the windows of an image pass through the network in
    batches, where MM takes one at a time. Everything else, and all names of parameters, are as in
    MM.

    Args:
        backbone: Config of the backbone.
        decode_head: Config of the decode head.
        neck: Config of the neck, or None.
        auxiliary_head: Config of an auxiliary head, a list of them, or None.
        kwargs: Further arguments of ``EncoderDecoder``.

    Raises:
        ConfigError: If channels that are given do not fit.
    """

    def __init__(
        self,
        backbone: Cfg,
        decode_head: Cfg,
        neck: Cfg | None = None,
        auxiliary_head: Cfg | list[Cfg] | None = None,
        **kwargs: Any,
    ) -> None:
        self.backbone_name, self.neck_config = str(backbone['type']), neck
        super().__init__(backbone, decode_head, None, auxiliary_head, **kwargs)

    def _init_decode_head(self, decode_head: Cfg) -> None:
        """Build the neck, which needs the backbone, then the head."""
        neck, self.fit_head = build_neck(self.backbone, self.backbone_name, self.neck_config)
        if neck is not None:
            self.neck = neck
        build_head(self._build_decode_head, decode_head, self.fit_head)

    def _build_decode_head(self, config: Cfg) -> nn.Module:
        super()._init_decode_head(config)
        head: nn.Module = self.decode_head
        return head

    def _init_auxiliary_head(self, auxiliary_head: Cfg | list[Cfg] | None) -> None:
        """Build the auxiliary heads."""
        if isinstance(auxiliary_head, list | tuple):
            build = self._build_auxiliary_head
            heads = [build_head(build, head, self.fit_head) for head in auxiliary_head]
            self.auxiliary_head = nn.ModuleList(heads)
        elif auxiliary_head is not None:
            build_head(self._build_auxiliary_head, auxiliary_head, self.fit_head)

    def _build_auxiliary_head(self, config: Cfg) -> nn.Module:
        super()._init_auxiliary_head(config)
        head: nn.Module = self.auxiliary_head
        return head

    def slide_inference(self, inputs: Tensor, batch_img_metas: list[dict[str, Any]]) -> Tensor:
        """Mean logits of overlapping windows of ``test_cfg.crop_size`` every ``test_cfg.stride``.

        Args:
            inputs: (N, bands, H, W) normalised images.
            batch_img_metas: One per image.

        Returns:
            (N, classes, H, W).

        Raises:
            ConfigError: If there are gaps between the windows.
        """
        crop_size, stride = self.test_cfg.crop_size, self.test_cfg.stride
        if any(step > side for step, side in zip(stride, crop_size, strict=True)):
            raise ConfigError(
                f'test_cfg.stride={tuple(stride)} leaves gaps between windows of '
                f'crop_size={tuple(crop_size)}: set a stride of at most the crop size'
            )
        sides = zip(inputs.shape[-2:], crop_size, stride, strict=True)
        rows, columns = (window_starts(*axis) for axis in sides)
        height, width = map(min, inputs.shape[-2:], crop_size)
        spots = [(slice(y, y + height), slice(x, x + width)) for y in rows for x in columns]
        logits = inputs.new_zeros(len(inputs), self.out_channels, *inputs.shape[-2:])
        count = inputs.new_zeros(inputs.shape[-2:])
        # a torch.Size tells the heads of MM that this is a window, whatever the padding; those that
        # predict masks of queries read the other key
        window = dict.fromkeys(['img_shape', 'pad_shape'], torch.Size((height, width)))
        metas = [{**meta, **window} for meta in batch_img_metas]
        share = max(1, min(WINDOWS, PIXELS // (height * width)) // len(inputs))
        for begin in range(0, len(spots), share):
            taken = spots[begin : begin + share]
            crops = torch.cat([inputs[..., y, x] for y, x in taken])
            parts = self.encode_decode(crops, metas * len(taken)).split(len(inputs))
            for (y, x), part in zip(taken, parts, strict=True):
                logits[..., y, x] += part
                count[y, x] += 1
        return logits / count
