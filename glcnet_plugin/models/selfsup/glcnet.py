"""GLCNet: global style and local matching contrastive pretraining."""

from typing import Any

import torch
from mmengine.registry import DefaultScope
from mmpretrain.models.selfsup import BaseSelfSupervisor
from mmpretrain.structures import DataSample
from torch import Tensor, nn

from glcnet_plugin.errors import ConfigError, DataError
from glcnet_plugin.models.data_preprocessors.selfsup import RSSelfSupDataPreprocessor
from glcnet_plugin.models.utils import capture_output
from glcnet_plugin.registry import MODELS


@MODELS.register_module()
class GLCNet(BaseSelfSupervisor):
    """Global and local contrastive pretraining of a segmentation network.

    Source: Li et al., Global and Local Contrastive Self-Supervised Learning for Semantic
    Segmentation of HR Remote Sensing Images, TGRS 2022, https://arxiv.org/abs/2106.10605.
    The submodules are named as in mmseg's ``EncoderDecoder``, so checkpoints fit there.

    Differences: both views pass the network in one batch (joint batch statistics), where
    the official code runs it once per view.

    Args:
        backbone: Config of any mmseg or mmpretrain backbone, with the prefix of its host.
        decode_head: Config of any mmseg decode head; its ``num_classes`` is the number of
            channels D of the dense map. None for style contrast on the backbone alone.
        style_head: Config of the global branch, or None to leave the branch out.
        local_head: Config of the local branch, or None to leave the branch out.
        style_source: Name of the submodule whose output is the encoder map, such as
            ``'decode_head.bottleneck'``. None for the last stage of the backbone.
        lambda_global: Weight of the global loss, the local one weighs the rest (GLCNet,
            eq. 6). A branch that is alone weighs 1.
        data_preprocessor: Config; :class:`RSSelfSupDataPreprocessor` where it names no type.
        init_cfg: Initialisation, as in every MM model.

    Raises:
        ConfigError: If both branches are missing, the weight lies outside [0, 1], the
            local branch has no decode head, ``style_source`` names nothing, or backbone and
            data preprocessor disagree on the number of bands.
    """

    def __init__(
        self,
        backbone: dict[str, Any],
        decode_head: dict[str, Any] | None = None,
        style_head: dict[str, Any] | None = None,
        local_head: dict[str, Any] | None = None,
        style_source: str | None = None,
        lambda_global: float = 0.5,
        data_preprocessor: dict[str, Any] | None = None,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        if not 0 <= lambda_global <= 1:
            raise ConfigError(f'lambda_global must lie in [0, 1], got {lambda_global}')
        if style_head is None and local_head is None:
            raise ConfigError('GLCNet needs a style_head, a local_head, or both; got neither')
        if local_head is not None and decode_head is None:
            raise ConfigError('local_head compares outputs of a decode_head, which is missing')
        super().__init__(
            backbone,
            data_preprocessor={'type': RSSelfSupDataPreprocessor, **(data_preprocessor or {})},
            init_cfg=init_cfg,
        )
        # a decode head builds its own parts, which live in mmseg whatever the default scope
        with DefaultScope.overwrite_default_scope('mmseg'):
            self.decode_head: Any = None if decode_head is None else MODELS.build(decode_head)
        self.style_head = None if style_head is None else MODELS.build(style_head)
        self.local_head = None if local_head is None else MODELS.build(local_head)
        self.style_source = style_source
        self.weights = {
            'style': lambda_global if local_head is not None else 1.0,
            'local': 1 - lambda_global if style_head is not None else 1.0,
        }
        self._check_bands()
        self._check_style_source()

    def _check_bands(self) -> None:
        """Compare the bands that the backbone takes with those that are normalised."""
        convolutions = (m for m in self.backbone.modules() if isinstance(m, nn.Conv2d))
        first, means = next(convolutions, None), len(self.data_preprocessor.mean)
        if first is not None and first.in_channels != means:
            raise ConfigError(
                f'the backbone takes {first.in_channels} bands, but the data preprocessor has '
                f'{means} means: set in_channels={means}, or give {first.in_channels} means'
            )

    def _check_style_source(self) -> None:
        """Refuse a style source that is no submodule, listing those that are."""
        names = dict(self.named_modules())
        if self.style_source is None or self.style_source in names:
            return
        parts = ('backbone', 'decode_head')
        near = [n for n in names if n.startswith(parts) and n.count('.') == 1]
        raise ConfigError(
            f'style_source {self.style_source!r} names no submodule; there are: {", ".join(near)}'
        )

    def forward_maps(self, x: Tensor) -> tuple[Tensor, Tensor | None]:
        """Encoder map and dense map of normalised images.

        Args:
            x: (N, bands, H, W).

        Returns:
            Encoder map (N, C, h, w), and dense map (N, D, h', w') or None without a head.

        Raises:
            ConfigError: If ``style_source`` did not run, or gave no feature map.
        """
        source: nn.Module = self.get_submodule(self.style_source or 'backbone')
        with capture_output(source) as outputs:
            feats = self.backbone(x)
            dense_map = None if self.decode_head is None else self.decode_head(feats)
        encoder_map = outputs[-1] if outputs else None
        if self.style_source is None:
            encoder_map = feats[-1]
        if not isinstance(encoder_map, Tensor) or encoder_map.ndim != 4:
            got = 'nothing' if encoder_map is None else f'{type(encoder_map).__name__}'
            raise ConfigError(
                f'style_source {self.style_source!r} must give one (N, C, h, w) map, gave {got}'
            )
        return encoder_map, dense_map

    def loss(self, inputs: list[Tensor], data_samples: list[DataSample]) -> dict[str, Tensor]:
        """Losses of a batch of view pairs.

        Args:
            inputs: The two views, (B, bands, H, W) each.
            data_samples: B samples with ``view_matrix`` (2, 3, 3).

        Returns:
            ``loss_style`` and ``loss_local``, weighted, so that their sum is the total
            loss; ``chance_style`` and ``chance_local`` are what the two would be if the
            embeddings knew nothing: the same weight times the log of the number of negatives.

        Raises:
            DataError: If there are not two views, or samples carry no ``view_matrix``.
        """
        if len(inputs) != 2:
            raise DataError(f'GLCNet compares 2 views, got {len(inputs)}: use TwoViews')
        encoder_map, dense_map = self.forward_maps(torch.cat(inputs))
        results = {}
        if self.style_head is not None:
            results['style'] = self.style_head.loss(encoder_map)
        if self.local_head is not None:
            results['local'] = self.local_head.loss(
                dense_map,
                self._view_matrix(data_samples),
                tuple(inputs[0].shape[-2:]),
                self.decode_head.align_corners,
            )
        losses = {}
        for name, (loss, chance) in results.items():
            losses[f'loss_{name}'] = self.weights[name] * loss
            losses[f'chance_{name}'] = self.weights[name] * chance
        if self.local_head is None and dense_map is not None:
            # the decoder then has no task; a zero gradient keeps DDP from waiting for it
            losses['loss_style'] = losses['loss_style'] + 0.0 * dense_map.float().sum()
        return losses

    @staticmethod
    def _view_matrix(data_samples: list[DataSample]) -> Tensor:
        """Collect the matrices of the samples: (B, 2, 3, 3)."""
        if not all('view_matrix' in sample for sample in data_samples):
            raise DataError(
                'the samples carry no view_matrix: end the pipeline with TwoViews and '
                "PackInputs(algorithm_keys=('view_matrix',))"
            )
        return torch.stack([sample.view_matrix for sample in data_samples])
