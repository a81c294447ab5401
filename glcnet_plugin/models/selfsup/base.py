"""Base class of algorithms that pretrain a whole segmentation network."""

from collections.abc import Sequence
from typing import Any

import torch
from mmengine.logging import print_log
from mmpretrain.models.selfsup import BaseSelfSupervisor
from torch import Tensor, nn

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.models.channel_inference import (
    build_head,
    build_neck,
    build_part,
    input_bands,
    run_dummy,
)
from glcnet_plugin.models.data_preprocessors.multiband import RSSelfSupDataPreprocessor
from glcnet_plugin.models.utils import capture_output, coarsest_map, default_style_source

Cfg = dict[str, Any]


class SegPretrainer(BaseSelfSupervisor):
    """Backbone, neck and decode head, named as in mmseg's ``EncoderDecoder``.

    Args:
        backbone: Config of any mmseg or mmpretrain backbone, with the prefix of its host.
        decode_head: Config of any mmseg decode head that gives one map, or None. Its
            ``num_classes`` is the number of channels D of the dense map; ``in_channels`` may
            be left out.
        neck: Config of a mmseg neck, or None; ``in_channels`` may be left out.
        style_source: Name of the submodule whose output is the encoder map. None for the
            default of the family of the head, see :func:`default_style_source`; 'backbone'
            for its coarsest map.
        data_preprocessor: Config; :class:`RSSelfSupDataPreprocessor` where it names no type.
        init_cfg: Initialisation, as in every MM model.

    Raises:
        ConfigError: If parts do not fit each other or the bands, or ``style_source`` names
            no submodule.
    """

    def __init__(
        self,
        backbone: Cfg,
        decode_head: Cfg | None,
        neck: Cfg | None,
        style_source: str | None,
        data_preprocessor: Cfg | None,
        init_cfg: Cfg | None,
    ) -> None:
        super().__init__(
            build_part(backbone),
            data_preprocessor={'type': RSSelfSupDataPreprocessor, **(data_preprocessor or {})},
            init_cfg=init_cfg,
        )
        self._check_bands()
        self.neck, fit = build_neck(self.backbone, str(backbone['type']), neck)
        self.decode_head: Any = None
        if decode_head is not None:
            self.decode_head = build_head(
                lambda config: build_part(config, 'mmseg'), decode_head, fit
            )
        self.style_source = style_source or default_style_source(self.decode_head)
        self._check_style_source()

    def forward_maps(
        self, x: Tensor, network: nn.Module | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """Encoder map and dense map of normalised images.

        Args:
            x: (N, bands, H, W).
            network: Another network of the same structure, such as a moving average; None for
                this one.

        Returns:
            Encoder map (N, C, h, w), and dense map (N, D, h', w') or None without a head.

        Raises:
            ConfigError: If ``style_source`` or the decode head gives no single map.
        """
        parts: Any = self if network is None else network
        with capture_output(parts.get_submodule(self.style_source)) as outputs:
            feats = parts.backbone(x)
            if self.neck is not None:
                feats = parts.neck(feats)
            dense_map = None if self.decode_head is None else parts.decode_head(feats)
        encoder_map: Any = outputs[-1] if outputs else None
        if self.style_source == 'backbone':
            encoder_map = coarsest_map(encoder_map)
        name = f'style_source {self.style_source!r}'
        encoder_map = _one_map(encoder_map, name, 'name a submodule that does')
        if self.decode_head is not None:
            name = type(self.decode_head).__name__
            dense_map = _one_map(dense_map, name, 'use a decode head with one output')
        return encoder_map, dense_map

    def dry_run(self) -> tuple[Tensor, Tensor | None]:
        """Run the network on a small image, to learn the shapes of its maps.

        Returns:
            Encoder map and dense map of the image, see :meth:`forward_maps`.

        Raises:
            ConfigError: If it does not run.
        """
        self.eval()  # batch norm would remember the image
        maps: tuple[Tensor, Tensor | None] = run_dummy(
            self.forward_maps, self.backbone, type(self).__name__
        )
        self.train()
        return maps

    def freeze_unused(self, outputs: Sequence[Tensor]) -> None:
        """Freeze the parameters that no loss depends on, and log their names.

        Examples are the output norms of stages that the head does not read. Without a gradient
        they would block distributed training.

        Args:
            outputs: Maps of :meth:`dry_run` that enter the losses.
        """
        learning = {name: p for name, p in self.named_parameters() if p.requires_grad}
        # backward, for backbones with_cp: their checkpoints do not run under autograd.grad
        torch.autograd.backward(torch.stack([output.sum() for output in outputs]).sum())
        idle = [name for name, p in learning.items() if p.grad is None]
        self.zero_grad()
        for name in idle:
            learning[name].requires_grad_(False)
        if idle:
            print_log(f'frozen, because no loss depends on them: {", ".join(idle)}', 'current')

    def _check_bands(self) -> None:
        """Compare the bands that the backbone takes with those that are normalised."""
        bands, means = input_bands(self.backbone), len(self.data_preprocessor.mean)
        if bands is not None and bands != means:
            raise ConfigError(
                f'the backbone takes {bands} bands, but the data preprocessor has '
                f'{means} means: set in_channels={means}, or give {bands} means'
            )

    def _check_style_source(self) -> None:
        """Refuse a style source that is no submodule; list those that are."""
        names = dict(self.named_modules())
        if self.style_source in names:
            return
        parts = ('backbone', 'neck', 'decode_head')
        near = [n for n in names if n.startswith(parts) and n.count('.') == 1]
        raise ConfigError(
            f'style_source {self.style_source!r} names no submodule; choose one of: '
            f'{", ".join(near)}'
        )


def _one_map(output: Any, name: str, advice: str) -> Tensor:
    """Refuse what is not one feature map, such as the multiple outputs of some heads."""
    if isinstance(output, Tensor) and output.ndim == 4:
        return output
    got = 'nothing' if output is None else type(output).__name__
    got = f'shape {tuple(output.shape)}' if isinstance(output, Tensor) else got
    raise ConfigError(f'{name} must give one (N, C, h, w) map, gave {got}: {advice}')
