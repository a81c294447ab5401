"""GLCNet: global style and local matching contrastive pretraining."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmpretrain.structures import DataSample
from torch import Tensor

from glcnet_plugin.errors import ConfigError, DataError
from glcnet_plugin.models.channel_inference import init_parameters
from glcnet_plugin.models.heads.outputs import BranchOutput
from glcnet_plugin.models.selfsup.base import Cfg, SegPretrainer
from glcnet_plugin.models.utils import capture_output
from glcnet_plugin.registry import MODELS


@MODELS.register_module()
class GLCNet(SegPretrainer):
    """Global and local contrastive pretraining of a segmentation network.

    Source: Li et al., Global and Local Contrastive Self-Supervised Learning for Semantic
    Segmentation of HR Remote Sensing Images, TGRS 2022, https://arxiv.org/abs/2106.10605.
    The submodules are named as in mmseg's ``EncoderDecoder``, so checkpoints fit there.

    Differences: both views pass through the network in one batch (joint batch statistics), where
    the official code runs it once per view.

    A head is any module with ``loss``, called as ``style_head.loss(encoder_map, scenes)`` and
    ``local_head.loss(dense_map, view_matrix, input_size, align_corners, scenes)`` (see
    :class:`StyleContrastHead` and :class:`LocalMatchingHead` for the shapes), that returns a
    :class:`BranchOutput`. Those of the last step, without their graph, are in ``branch_outputs``
    by the name of the branch, for hooks to read.

    Args:
        backbone: Config of any mmseg or mmpretrain backbone, with the prefix of its host.
        decode_head: Config of any mmseg decode head that gives one map; its ``num_classes``
            is the number of channels D of the dense map. None for style contrast on the
            backbone alone. ``in_channels`` follows from the backbone where it is left out.
        style_head: Config of the global branch, or None to leave the branch out.
        local_head: Config of the local branch, or None to leave the branch out. For both,
            ``in_channels`` follows from the network where a head takes it and the config
            leaves it out.
        neck: Config of a mmseg neck between backbone and decode head, or None.
        style_source: Name of the submodule whose output is the encoder map, see
            :class:`SegPretrainer` for the default.
        lambda_global: Weight of the global loss, the local one weighs the rest (GLCNet,
            eq. 6). A single branch weighs 1.
        data_preprocessor: Config; :class:`RSSelfSupDataPreprocessor` where it names no type.
        auxiliary_head: Only None: it would need labels.
        init_cfg: Initialisation, as in every MM model.
        local_stages: Positions among the maps of the backbone that the local branch compares
            besides the dense map, each with a head of its own like ``local_head`` and with
            regions of its own. The maps share the weight of the local loss equally. After DeCon
            (https://arxiv.org/abs/2503.17526), where encoder and decoder have a loss each.

    Raises:
        ConfigError: If both branches are missing, the weight lies outside [0, 1], the local
            branch has no decode head, ``style_source`` names no submodule, the backbone has no
            map of ``local_stages``, parts do not fit each other, or a head returns something
            else than a :class:`BranchOutput`.
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
        local_stages: Sequence[int] = (),
    ) -> None:
        if not 0 <= lambda_global <= 1:
            raise ConfigError(f'lambda_global must lie in [0, 1], got {lambda_global}')
        if style_head is None and local_head is None:
            raise ConfigError('GLCNet needs a style_head, a local_head, or both; got neither')
        if local_head is not None and decode_head is None:
            raise ConfigError('local_head compares outputs of a decode_head, which is missing')
        if local_stages and local_head is None:
            raise ConfigError(
                'local_stages are compared by heads like local_head, which is missing'
            )
        if auxiliary_head is not None:
            raise ConfigError(
                'auxiliary_head learns from labels, which pretraining does not have: leave it out'
            )
        super().__init__(backbone, decode_head, neck, style_source, data_preprocessor, init_cfg)
        with capture_output(self.backbone) as outputs:
            encoder_map, dense_map = self.dry_run()
        self.local_stages = {f'stage{i}': i for i in local_stages}  # by the name of the branch
        stages = _stages(outputs[-1], self.local_stages)
        compared = ((encoder_map, style_head), (dense_map, local_head))
        maps = [m for m, head in compared if m is not None and head is not None]
        self.freeze_unused([*maps, *stages.values()])
        self.style_head = _build_head(style_head, encoder_map, 'style_head')
        self.local_head = _build_head(local_head, dense_map, 'local_head')
        per_stage = {k: v for k, v in (local_head or {}).items() if k != 'in_channels'}
        for name, stage in stages.items():
            setattr(self, f'{name}_head', _build_head(per_stage, stage, f'{name}_head'))
        local = 1 - lambda_global if style_head is not None else 1.0
        self.branch_weights = {
            'style': lambda_global if local_head is not None else 1.0,
            **dict.fromkeys(['local', *stages], local / (1 + len(stages))),
        }
        self.branch_outputs: dict[str, BranchOutput] = {}  # of the last step, without its graph

    def loss(self, inputs: list[Tensor], data_samples: list[DataSample]) -> dict[str, Tensor]:
        """Losses of a batch of view pairs.

        Args:
            inputs: The two views, (B, bands, H, W) each.
            data_samples: B samples with ``view_matrix`` (2, 3, 3), and for heads that exclude
                by scene with ``scene``, its number.

        Returns:
            ``loss_style`` and ``loss_local``, weighted, so that their sum is the total
            loss; ``chance_style`` and ``chance_local``, their values for uninformative
            embeddings (chance level): the same weight times the log of the number of
            negatives. With ``local_stages`` also ``loss_stage3`` and so on.

        Raises:
            DataError: If there are not two views, or samples carry no ``view_matrix``.
        """
        self._check_views(inputs)
        with capture_output(self.backbone) as passed_on:
            encoder_map, dense_map = self.forward_maps(torch.cat(inputs))
        scenes = self._scenes(data_samples, encoder_map.device)
        outputs = {}
        if self.style_head is not None:
            outputs['style'] = self.style_head.loss(encoder_map, scenes)
        if self.local_head is not None:
            geometry = self._view_matrix(data_samples), tuple(inputs[0].shape[-2:])
            corners = self.decode_head.align_corners
            outputs['local'] = self.local_head.loss(dense_map, *geometry, corners, scenes)
            for name, stage in _stages(passed_on[-1], self.local_stages).items():
                head = getattr(self, f'{name}_head')
                outputs[name] = head.loss(stage, *geometry, False, scenes)
        return self.weigh(outputs)

    def weigh(self, outputs: dict[str, BranchOutput]) -> dict[str, Tensor]:
        """Weigh the losses of the branches, and keep what hooks read.

        Args:
            outputs: What the heads returned, by the name of the branch.

        Returns:
            As :meth:`loss`.

        Raises:
            ConfigError: If a head returned something else.
        """
        losses = {}
        for name, output in outputs.items():
            if not isinstance(output, BranchOutput):
                head = type(getattr(self, f'{name}_head')).__name__
                raise ConfigError(
                    f'{head}.loss returned a {type(output).__name__}, but GLCNet reads a '
                    'BranchOutput: end it with return BranchOutput(loss=...), from '
                    'glcnet_plugin.models.heads'
                )
            losses[f'loss_{name}'] = self.branch_weights[name] * output.loss
            if output.chance is not None:
                losses[f'chance_{name}'] = self.branch_weights[name] * output.chance
        self.branch_outputs = {name: output.detach() for name, output in outputs.items()}
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
        """Scene numbers of the samples, (B,); None where they are unknown."""
        if not all('scene' in sample for sample in data_samples):
            return None
        return torch.tensor([sample.scene for sample in data_samples], device=device)


def head_class(config: Cfg, name: str) -> Any:
    """Class of a contrastive head.

    Args:
        config: Its config.
        name: Key of the config, for the message.

    Returns:
        The class.

    Raises:
        ConfigError: If it is not registered.
    """
    kind = config['type']
    with MODELS.switch_scope_and_registry(None) as registry:
        owner: Any = registry.get(kind) if isinstance(kind, str) else kind
    if owner is None:
        raise ConfigError(
            f'{name}: no head {kind!r} is registered: prefix ours with glcnet_plugin., and name '
            'the module of your own in custom_imports'
        )
    return owner


def _stages(maps: Any, wanted: Mapping[str, int]) -> dict[str, Tensor]:
    """The maps of a backbone that are compared, by the name of their branch."""
    if beyond := [i for i in wanted.values() if not 0 <= i < len(maps)]:
        raise ConfigError(
            f'local_stages has {beyond[0]}, but the backbone passes on {len(maps)} maps: choose '
            f'from 0 to {len(maps) - 1}, or change its out_indices'
        )
    return {name: maps[i] for name, i in wanted.items()}


def _build_head(config: Cfg | None, example: Tensor | None, name: str) -> Any:
    """Build a contrastive head for maps like an example (N, C, h, w)."""
    if config is None or example is None:
        return None
    kind = head_class(config, name)
    if not callable(getattr(kind, 'loss', None)):
        raise ConfigError(
            f'{name} is a {kind.__name__}, which has no method loss: give it one that returns '
            'a BranchOutput'
        )
    if 'in_channels' in init_parameters(kind):
        per_channel = getattr(kind, 'per_channel', None)  # others need not say
        width = example.shape[1] * (per_channel or 1)
        given = config.get('in_channels', width)
        if per_channel is not None and given != width:
            raise ConfigError(
                f'{name} has in_channels={given}, but the network gives {width}: set in_channels='
                f'{width}, or leave it out'
            )
        config = {**config, 'in_channels': given}
    return MODELS.build(config)
