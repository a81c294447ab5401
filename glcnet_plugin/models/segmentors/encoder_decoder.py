"""Segmentation network whose parts fit each other."""

from typing import Any

from mmseg.models import EncoderDecoder

from glcnet_plugin.models.channel_inference import infer_channels
from glcnet_plugin.registry import MODELS


@MODELS.register_module()
class RSEncoderDecoder(EncoderDecoder):
    """MM's ``EncoderDecoder`` that fits neck and heads to the backbone.

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
        backbone: dict[str, Any],
        decode_head: dict[str, Any],
        neck: dict[str, Any] | None = None,
        auxiliary_head: dict[str, Any] | list[dict[str, Any]] | None = None,
        **kwargs: Any,
    ) -> None:
        several = isinstance(auxiliary_head, list | tuple)
        auxiliary: Any = auxiliary_head if several else [auxiliary_head] if auxiliary_head else []
        neck, (decode_head, *auxiliary) = infer_channels(backbone, neck, [decode_head, *auxiliary])
        super().__init__(
            backbone,
            decode_head,
            neck,
            auxiliary if several else (auxiliary or [None])[0],
            **kwargs,
        )
