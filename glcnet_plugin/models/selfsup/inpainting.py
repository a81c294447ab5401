"""Inpainting: fill holes in images."""

from typing import Any

import torch
from mmpretrain.structures import DataSample
from mmseg.models.utils import resize
from torch import Tensor

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.models.selfsup.base import Cfg, SegPretrainer
from glcnet_plugin.models.utils.masking import draw_holes, error_in_and_out
from glcnet_plugin.registry import MODELS


@MODELS.register_module()
class Inpainting(SegPretrainer):
    """Predict the pixels of holes from their surroundings.

    Source: Pathak et al., Context Encoders: Feature Learning by Inpainting, CVPR 2016,
    https://arxiv.org/abs/1604.07379, with the holes and weights of GLCNet's baseline. The
    submodules are named as in mmseg's ``EncoderDecoder``, so checkpoints fit there.

    Differences: reconstruction error only, without the adversarial part, as in that baseline;
    holes have the mean colour of the data.

    Args:
        backbone: Config of any mmseg or mmpretrain backbone, with the prefix of its host.
        decode_head: Config of any mmseg decode head that gives one map; its ``num_classes``
            is the number of bands. ``in_channels`` may be left out.
        neck: Config of a mmseg neck between backbone and decode head, or None.
        num_holes: Holes per image.
        hole_size: Side of a hole in pixels.
        hole_weight: Weight of the error in the holes; that of the rest of the image is
            1 - hole_weight.
        data_preprocessor: Config; :class:`RSSelfSupDataPreprocessor` where it names no type.
        init_cfg: Initialisation, as in every MM model.

    Raises:
        ConfigError: If the weight lies outside [0, 1], ``num_classes`` is not the number of
            bands, or parts do not fit each other.
    """

    def __init__(
        self,
        backbone: Cfg,
        decode_head: Cfg,
        neck: Cfg | None = None,
        num_holes: int = 16,
        hole_size: int = 16,
        hole_weight: float = 0.99,
        data_preprocessor: Cfg | None = None,
        init_cfg: Cfg | None = None,
    ) -> None:
        if not 0 <= hole_weight <= 1:
            raise ConfigError(f'hole_weight must lie in [0, 1], got {hole_weight}')
        super().__init__(backbone, decode_head, neck, None, data_preprocessor, init_cfg)
        output: Any = self.dry_run()[1]
        self.freeze_unused([output])
        bands, channels = len(self.data_preprocessor.mean), output.shape[1]
        if bands != channels:
            raise ConfigError(
                f'the decode head predicts {channels} bands, but the data preprocessor has '
                f'{bands} means: set decode_head.num_classes={bands}'
            )
        self.num_holes = num_holes
        self.hole_size = hole_size
        self.hole_weight = hole_weight

    def loss(self, inputs: list[Tensor], data_samples: list[DataSample]) -> dict[str, Tensor]:
        """Losses of a batch; each view is an image of its own.

        Args:
            inputs: Views, (B, bands, H, W) each.
            data_samples: Not used.

        Returns:
            ``loss_holes`` and ``loss_rest``, weighted, in units of the normalised images.
        """
        images = torch.cat(inputs)
        mask = draw_holes(
            (len(images), *images.shape[-2:]), self.num_holes, self.hole_size, images.device
        )
        _, output = self.forward_maps(images.masked_fill(mask, 0))
        output = resize(
            output,
            size=images.shape[-2:],
            mode='bilinear',
            align_corners=self.decode_head.align_corners,
        )
        inside, outside = error_in_and_out(output, images, mask)
        return {
            'loss_holes': self.hole_weight * inside,
            'loss_rest': (1 - self.hole_weight) * outside,
        }
