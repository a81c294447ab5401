"""A trained segmentation network with what is needed to predict raw images."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from glcnet_plugin.errors import DataError


@dataclass
class SegmentationModel:
    """A network in evaluation mode, its classes and bands.

    Args:
        network: mmseg's ``EncoderDecoder``, ours, or one like them.
        classes: Names of the classes.
        palette: R, G, B of each class.
        bands: Number of bands it takes.
        band_names: Their names, if the checkpoint says.
        window: Side in pixels of what it gets at once where it is scored.
        reverses_bands: Whether it was trained on B, G, R, as MM's own image loader gives.
        loading: How images are read: ``bands``, ``nodata_fill`` and ``alpha`` of
            :class:`LoadRSImage`, as far as the config sets them.
        fingerprint: Of the weights.
    """

    network: Any
    classes: Sequence[str]
    palette: Sequence[Sequence[int]]
    bands: int
    band_names: Sequence[str] | None
    window: int
    reverses_bands: bool
    loading: Mapping[str, Any]
    fingerprint: str

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        device: torch.device = next(self.network.parameters()).device
        return device

    @torch.inference_mode()
    def probabilities(self, images: Tensor, augment: bool = False, amp: bool = False) -> Tensor:
        """Probabilities of the classes.

        Args:
            images: (B, bands, H, W) raw images, bands in the order of the file.
            augment: Whether to average over flips and quarter turns, 8 times as much work.
            amp: Whether to compute in half precision, on a GPU.

        Returns:
            (B, classes, H, W) float32, sum 1 over the classes, on the device of the network.
        """
        images = images.to(self.device)
        if not augment:
            return self._predict(images, amp)
        total = torch.zeros(())
        for turns in range(4):
            for flipped in (False, True):
                view = torch.rot90(images.flip(-1) if flipped else images, turns, (-2, -1))
                back = torch.rot90(self._predict(view, amp), -turns, (-2, -1))
                total = total.to(back) + (back.flip(-1) if flipped else back)
        return total / 8

    def predict(self, image: NDArray[Any]) -> NDArray[np.uint8]:
        """Classes of the pixels of an image that the network can see at once.

        Args:
            image: (H, W, bands), in the units and the order of the training images.

        Returns:
            (H, W) class ids.

        Raises:
            DataError: If the network gives NaN or infinity somewhere.
        """
        probabilities = self.probabilities(_batch(image))[0]
        unknown = int((~probabilities.isfinite().all(0)).sum())
        if unknown:
            raise DataError(
                f'the network gives NaN or infinity for {unknown} px: replace what is no data in '
                'the image, as nodata_fill did in the training'
            )
        return probabilities.argmax(0).cpu().numpy().astype(np.uint8)

    @torch.inference_mode()
    def features(self, image: NDArray[Any]) -> list[NDArray[np.float32]]:
        """Maps of the backbone, for pictures, clusters and searches.

        Args:
            image: (H, W, bands), in the units and the order of the training images.

        Returns:
            (h, w, C) maps, from fine to coarse.
        """
        inputs = self._normalised(_batch(image).to(self.device))
        maps = self.network.backbone(inputs)
        return [one[0].permute(1, 2, 0).float().cpu().numpy() for one in maps]

    def _normalised(self, images: Tensor) -> Tensor:
        """Images as the backbone takes them."""
        if self.reverses_bands:
            images = images.flip(1)
        data = self.network.data_preprocessor({'inputs': list(images), 'data_samples': None}, False)
        inputs = data['inputs']
        return torch.stack(list(inputs)) if isinstance(inputs, list | tuple) else inputs

    def _predict(self, images: Tensor, amp: bool) -> Tensor:
        """Probabilities without augmentation."""
        height, width = images.shape[-2:]
        inputs = self._normalised(images)
        shape = tuple(inputs.shape[-2:])  # perhaps padded at the right and the bottom
        meta = {'ori_shape': shape, 'img_shape': shape, 'pad_shape': shape, 'padding_size': [0] * 4}
        context = torch.autocast(inputs.device.type) if amp else nullcontext()
        with context:
            logits = self.network.encode_decode(inputs, [dict(meta) for _ in images])
        return class_probabilities(logits[..., :height, :width].float())


def _batch(image: NDArray[Any]) -> Tensor:
    """(H, W, bands) as a batch of one."""
    return torch.from_numpy(np.ascontiguousarray(image, np.float32)).permute(2, 0, 1)[None]


def class_probabilities(logits: Tensor) -> Tensor:
    """Probabilities of the classes.

    Args:
        logits: (B, classes, H, W); one channel for two classes, as mmseg's binary heads give.

    Returns:
        (B, classes, H, W), at least two classes.
    """
    if logits.shape[1] == 1:
        logits = torch.cat([-logits, logits], 1) / 2
    probabilities: Tensor = logits.softmax(1)
    return probabilities
