"""GLCNet: global style and local matching contrastive pretraining."""

from typing import Any

import torch
from mmpretrain.structures import DataSample
from torch import Tensor

from glcnet_plugin.errors import ConfigError, DataError
from glcnet_plugin.models.selfsup.base import Cfg, SegPretrainer
from glcnet_plugin.registry import MODELS


@MODELS.register_module()
class GLCNet(SegPretrainer):
    """Global and local contrastive pretraining of a segmentation network.

    Source: Li et al., Global and Local Contrastive Self-Supervised Learning for Semantic
    Segmentation of HR Remote Sensing Images, TGRS 2022, https://arxiv.org/abs/2106.10605.
    The submodules are named as in mmseg's ``EncoderDecoder``, so checkpoints fit there.

    Differences: both views pass the network in one batch (joint batch statistics), where
    the official code runs it once per view.

    Args:
        backbone: Config of any mmseg or mmpretrain backbone, with the prefix of its host.
        decode_head: Config of any mmseg decode head that gives one map; its ``num_classes``
            is the number of channels D of the dense map. None for style contrast on the
            backbone alone. ``in_channels`` follows from the backbone where it is left out.
        style_head: Config of the global branch, or None to leave the branch out.
        local_head: Config of the local branch, or None to leave the branch out. The
            ``in_channels`` of both follow from the network where they are left out.
        neck: Config of a mmseg neck between backbone and decode head, or None.
        style_source: Name of the submodule whose output is the encoder map, see
            :class:`SegPretrainer` for the default.
        lambda_global: Weight of the global loss, the local one weighs the rest (GLCNet,
            eq. 6). A branch that is alone weighs 1.
        data_preprocessor: Config; :class:`RSSelfSupDataPreprocessor` where it names no type.
        auxiliary_head: Only None: without labels there is nothing for it to learn.
        init_cfg: Initialisation, as in every MM model.

    Raises:
        ConfigError: If both branches are missing, the weight lies outside [0, 1], the local
            branch has no decode head, ``style_source`` names nothing, or parts do not fit
            each other.
    """

    def __init__(
        self,
        backbone: Cfg,
        decode_head: Cfg | None = None,
        style_head: Cfg | None = None,
        local_head: Cfg | None = None,
        neck: Cfg | None = None,
        style_source: str | None = None,
        lambda_global: float = 0.5,
        data_preprocessor: Cfg | None = None,
        auxiliary_head: None = None,
        init_cfg: Cfg | None = None,
    ) -> None:
        if not 0 <= lambda_global <= 1:
            raise ConfigError(f'lambda_global must lie in [0, 1], got {lambda_global}')
        if style_head is None and local_head is None:
            raise ConfigError('GLCNet needs a style_head, a local_head, or both; got neither')
        if local_head is not None and decode_head is None:
            raise ConfigError('local_head compares outputs of a decode_head, which is missing')
        if auxiliary_head is not None:
            raise ConfigError('auxiliary_head learns from labels, and here are none: leave it out')
        super().__init__(backbone, decode_head, neck, style_source, data_preprocessor, init_cfg)
        encoder_map, dense_map = self.dry_run()
        compared = ((encoder_map, style_head), (dense_map, local_head))
        self.freeze_unused([m for m, head in compared if m is not None and head is not None])
        self.style_head = _build_head(style_head, encoder_map, 'style_head')
        self.local_head = _build_head(local_head, dense_map, 'local_head')
        self.weights = {
            'style': lambda_global if local_head is not None else 1.0,
            'local': 1 - lambda_global if style_head is not None else 1.0,
        }

    def loss(self, inputs: list[Tensor], data_samples: list[DataSample]) -> dict[str, Tensor]:
        """Losses of a batch of view pairs.

        Args:
            inputs: The two views, (B, bands, H, W) each.
            data_samples: B samples with ``view_matrix`` (2, 3, 3), and with ``scene``, the
                number of their scene, for heads that exclude those.

        Returns:
            ``loss_style`` and ``loss_local``, weighted, so that their sum is the total
            loss; ``chance_style`` and ``chance_local`` are what the two would be if the
            embeddings knew nothing: the same weight times the log of the number of negatives.

        Raises:
            DataError: If there are not two views, or samples carry no ``view_matrix``.
        """
        self._check_views(inputs)
        encoder_map, dense_map = self.forward_maps(torch.cat(inputs))
        scenes = self._scenes(data_samples, encoder_map.device)
        results = {}
        if self.style_head is not None:
            results['style'] = self.style_head.loss(encoder_map, scenes)
        if self.local_head is not None:
            results['local'] = self.local_head.loss(
                dense_map,
                self._view_matrix(data_samples),
                tuple(inputs[0].shape[-2:]),
                self.decode_head.align_corners,
                scenes,
            )
        losses = {}
        for name, (loss, chance) in results.items():
            losses[f'loss_{name}'] = self.weights[name] * loss
            losses[f'chance_{name}'] = self.weights[name] * chance
        return losses

    @staticmethod
    def _check_views(inputs: list[Tensor]) -> None:
        """Refuse what is not two views."""
        if len(inputs) != 2:
            raise DataError(f'GLCNet compares 2 views, got {len(inputs)}: use TwoViews')

    @staticmethod
    def _view_matrix(data_samples: list[DataSample]) -> Tensor:
        """Collect the matrices of the samples: (B, 2, 3, 3)."""
        if not all('view_matrix' in sample for sample in data_samples):
            raise DataError(
                'the samples carry no view_matrix: end the pipeline with TwoViews and '
                "PackInputs(algorithm_keys=('view_matrix',))"
            )
        return torch.stack([sample.view_matrix for sample in data_samples])

    @staticmethod
    def _scenes(data_samples: list[DataSample], device: torch.device) -> Tensor | None:
        """Collect the scenes of the samples, (B,), where they are known."""
        if not all('scene' in sample for sample in data_samples):
            return None
        return torch.tensor([sample.scene for sample in data_samples], device=device)


def _build_head(config: Cfg | None, example: Tensor | None, name: str) -> Any:
    """Build a contrastive head for maps like an example (N, C, h, w)."""
    if config is None or example is None:
        return None
    kind = config['type']
    head_class: Any = MODELS.get(kind) if isinstance(kind, str) else kind
    if head_class is None:
        raise ConfigError(f'no {name} is called {kind!r}: prefix ours with glcnet_plugin.')
    width = example.shape[1] * head_class.per_channel
    given = config.get('in_channels', width)
    if given != width:
        raise ConfigError(
            f'{name} has in_channels={given}, but the network gives {width}: set in_channels='
            f'{width}, or leave it out'
        )
    return MODELS.build({**config, 'in_channels': width})
