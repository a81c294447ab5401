"""The frozen features of a backbone, for pictures, clusters and searches."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from mmengine.registry import MODELS, DefaultScope
from numpy.typing import NDArray
from torch import Tensor

from glcnet_plugin.checkpoints.loading import load_pretrained
from glcnet_plugin.checkpoints.safe_load import read_weights
from glcnet_plugin.datasets.io.images import read_masked
from glcnet_plugin.engine.run_config import read_config_file
from glcnet_plugin.errors import DataError
from glcnet_plugin.inference.loading import (
    loading_of,
    scored_window,
    usable_device,
    weights_fingerprint,
)
from glcnet_plugin.inference.model import SegmentationModel
from glcnet_plugin.inference.pretrained_config import (
    recorded_config,
    take_backbone,
    take_loading,
)


@dataclass
class FeatureModel(SegmentationModel):
    """A network whose outputs are made of its features.

    Args:
        project: Turns the cells (B, C, h, w) into as many maps (B, K, h, w) as there are classes.
    """

    project: Callable[[Tensor], Tensor] | None = None

    @torch.inference_mode()
    def cells(self, images: Tensor) -> Tensor:
        """Features of all stages of the backbone, at the resolution of the finest.

        Args:
            images: (B, bands, H, W) raw images.

        Returns:
            (B, C, h, w) float32, C over all stages.
        """
        maps = self.network.backbone(self._normalised(images.to(self.device)))
        size = maps[0].shape[-2:]
        return torch.cat([F.interpolate(m.float(), size, mode='bilinear') for m in maps], 1)

    @torch.inference_mode()
    def tile_means(self, files: Sequence[Path]) -> NDArray[np.float64]:
        """Describe images by the mean of the last stage of the backbone.

        Args:
            files: N images.

        Returns:
            (N, C).

        Raises:
            DataError: If an image cannot be read or has other bands.
        """
        rows = []
        for file in files:
            image, missing = read_masked(
                file, self.loading.get('bands'), alpha=self.loading.get('alpha', 'data')
            )
            if image.shape[2] != self.bands:
                raise DataError(
                    f'{file} has {image.shape[2]} bands, but the network takes {self.bands}: give '
                    'a checkpoint of these images'
                )
            if missing is not None:
                fill = np.asarray(self.loading.get('nodata_fill', 0), np.float32)
                image = np.where(missing, fill, image.astype(np.float32))
            rows.append(self.features(image)[-1].mean((0, 1)))
        return np.stack(rows).astype(np.float64)

    def _predict(self, images: Tensor, amp: bool) -> Tensor:
        """The maps that the projection gives, at the size of the images."""
        cells = self.cells(images)
        maps = cells if self.project is None else self.project(cells)
        return F.interpolate(maps, images.shape[-2:], mode='bilinear')


def load_features(
    pretrained: str | Path, base: str | Path, device: str | None = None
) -> FeatureModel:
    """Load the backbone of a checkpoint.

    Args:
        pretrained: Checkpoint of a pretraining or a segmentation network, or published weights
            such as ``imagenet://efficientnet_lite0``.
        base: Config of a segmentation network with that backbone. A checkpoint that records its
            config brings its own backbone, normalisation and bands.
        device: Such as 'cuda:1' or 'cpu'; None for a GPU where there is one.

    Returns:
        The network, in evaluation mode.

    Raises:
        ConfigError: If the config cannot be read, or the device not be used.
        DataError: If the checkpoint cannot be read.
        CheckpointMismatchError: If it does not fill the backbone.
    """
    place = usable_device(device)
    cfg, source = read_config_file(base), str(pretrained)
    recorded = recorded_config(source)
    take_loading(cfg, recorded)
    take_backbone(cfg, source, recorded)
    names = ((read_weights(source).get('meta') or {}).get('bands') or {}).get('names')
    with DefaultScope.overwrite_default_scope(cfg.get('default_scope', 'mmseg')):
        network = MODELS.build(cfg.model)
    load_pretrained(network, source, scope='backbone')
    network = network.eval().to(place)
    return FeatureModel(
        network, (), (), int(network.data_preprocessor.mean.numel()), names,
        scored_window(recorded or cfg), False, loading_of(cfg),
        weights_fingerprint(network.backbone),
    )  # fmt: skip
