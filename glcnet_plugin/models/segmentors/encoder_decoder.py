"""Segmentation network whose parts fit each other."""

from typing import Any

from mmseg.models import EncoderDecoder
from torch import nn

from glcnet_plugin.models.channel_inference import build_head, build_neck
from glcnet_plugin.registry import MODELS

Cfg = dict[str, Any]


@MODELS.register_module()
class RSEncoderDecoder(EncoderDecoder):
    """MM's ``EncoderDecoder`` that infers the channels between its parts.

    Configs may leave out ``in_channels`` and ``c1_in_channels``, so that a backbone or a head
    is swapped by one line. Everything else, and all names of parameters, are as in MM.

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
