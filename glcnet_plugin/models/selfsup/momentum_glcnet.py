"""GLCNet with a momentum encoder and queues, for small batches."""

from typing import Any

import torch
from mmengine.model import ExponentialMovingAverage
from mmpretrain.structures import DataSample
from torch import Tensor, nn

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.models.heads import BaseContrastHead
from glcnet_plugin.models.losses import QueueNTXentLoss
from glcnet_plugin.models.selfsup.base import Cfg
from glcnet_plugin.models.selfsup.glcnet import GLCNet, head_class
from glcnet_plugin.models.utils.dist import gather_items
from glcnet_plugin.registry import MODELS

PARTS = ('backbone', 'neck', 'decode_head', 'style_head', 'local_head')


@MODELS.register_module()
class MomentumGLCNet(GLCNet):
    """GLCNet whose negatives come from queues instead of the batch.

    View 1 passes through the network, view 2 through a moving average of it. The embeddings of
    view 2 enter a queue per branch and are the negatives of later batches, so their number does
    not depend on the batch size. Not in the paper; source: MoCo,
    https://arxiv.org/abs/1911.05722.

    Args:
        style_head: As in :class:`GLCNet`, derived from :class:`BaseContrastHead`; its loss is a
            :class:`QueueNTXentLoss` unless it names another type.
        local_head: The same.
        momentum: Share of the new weights in the moving average per step; MoCo uses 0.001.
        queue_length: Embeddings in each queue, over all processes; the MoCo baseline of the
            official code uses 2,048.
        kwargs: Further arguments of :class:`GLCNet`.

    Raises:
        ConfigError: If the momentum lies outside (0, 1], the queue is empty, there are
            ``local_stages``, a head is of another kind, or excludes negatives: queues do not
            keep where their embeddings come from.
    """

    def __init__(
        self,
        style_head: Cfg | None = None,
        local_head: Cfg | None = None,
        momentum: float = 0.001,
        queue_length: int = 2048,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            style_head=_with_queue('style_head', style_head),
            local_head=_with_queue('local_head', local_head),
            **kwargs,
        )
        if self.local_stages:
            raise ConfigError('MomentumGLCNet compares no local_stages: leave them out')
        if not 0 < momentum <= 1:
            raise ConfigError(f'momentum must lie in (0, 1], got {momentum}')
        if queue_length < 1:
            raise ConfigError(f'queue_length must be at least 1, got {queue_length}')
        for name, head in self._heads().items():
            if head.exclude is not None:
                raise ConfigError(
                    f'{name}_head has exclude={head.exclude!r}, but the negatives of '
                    'MomentumGLCNet are those of earlier batches: leave it out'
                )
            queue = torch.randn(queue_length, head.out_channels)
            self.register_buffer(f'{name}_queue', queue)
        # in effect 1 - m of MoCo; the first update copies the initialised weights
        self.followed = -1  # count of the changes of the network at the last update
        self.target = ExponentialMovingAverage(self._online(), momentum)

    def _heads(self) -> dict[str, Any]:
        """The heads of the branches in use."""
        heads = {'style': self.style_head, 'local': self.local_head}
        return {name: head for name, head in heads.items() if head is not None}

    def _online(self) -> nn.ModuleDict:
        """The parts that learn, under the names of the moving average."""
        return nn.ModuleDict({n: getattr(self, n) for n in PARTS if getattr(self, n) is not None})

    def loss(self, inputs: list[Tensor], data_samples: list[DataSample]) -> dict[str, Tensor]:
        """Losses of a batch of view pairs; also updates the moving average and the queues.

        Args:
            inputs: The two views, (B, bands, H, W) each.
            data_samples: B samples with ``view_matrix`` (2, 3, 3).

        Returns:
            As :meth:`GLCNet.loss`.
        """
        self._check_views(inputs)
        self._follow()
        boxes = valid = None
        if self.local_head is not None:
            size = tuple(inputs[0].shape[-2:])
            boxes, valid = self.local_head.draw_regions(self._view_matrix(data_samples), size)
            valid = valid.flatten()
        queries = self._embed(inputs[0], 0, boxes, None)
        with torch.no_grad():
            keys = self._embed(inputs[1], 1, boxes, self.target.module)
        outputs = {}
        for name, head in self._heads().items():
            queue = getattr(self, f'{name}_queue').clone()  # it is updated before the backward pass
            regions = (valid, boxes) if name == 'local' else ()
            outputs[name] = head.contrast_with_queue(queries[name], keys[name], queue, *regions)
            self._enqueue(name, keys[name])
        return self.weigh(outputs)

    def _follow(self) -> None:
        """Update the moving average if an optimizer has changed the network since the last time.

        Gradients that are accumulated over k batches make one step, not k; a step that was skipped
        (fp16, NaN) makes none.
        """
        online = self._online()
        version = sum(parameter._version for parameter in online.parameters())
        if version != self.followed:
            self.target.update_parameters(online)
            self.followed = version

    def _embed(
        self, view: Tensor, index: int, boxes: Tensor | None, network: Any
    ) -> dict[str, Tensor]:
        """Embeddings (N, D) of a view by branch; of the regions (B * K, D)."""
        encoder_map, dense_map = self.forward_maps(view, network)
        heads = self if network is None else network
        embeddings = {}
        if self.style_head is not None:
            embeddings['style'] = heads.style_head.embed(encoder_map)
        if boxes is not None:
            size, corners = tuple(view.shape[-2:]), self.decode_head.align_corners
            regions = heads.local_head.embed(dense_map, boxes[:, index], size, corners)
            embeddings['local'] = regions.flatten(0, 1)
        return embeddings

    @torch.no_grad()
    def _enqueue(self, name: str, key: Tensor) -> None:
        """Put the keys of all processes at the front of a queue and drop the oldest."""
        queue = getattr(self, f'{name}_queue')
        present = torch.ones(len(key), dtype=torch.bool, device=key.device)
        _, keys, present = gather_items(key.to(queue.dtype), present)
        queue.copy_(torch.cat([keys[present], queue])[: len(queue)])


def _with_queue(name: str, head: Cfg | None) -> Cfg | None:
    """Config of a head whose loss, unless it names a type, takes its negatives from a queue."""
    if head is None:
        return None
    kind = head_class(head, name)
    if not issubclass(kind, BaseContrastHead):
        raise ConfigError(
            f'{name} is a {kind.__name__}, to which MomentumGLCNet cannot give a queue: derive it '
            'from BaseContrastHead, or use GLCNet'
        )
    return {**head, 'loss': {'type': QueueNTXentLoss, **(head.get('loss') or {})}}
