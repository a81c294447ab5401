"""MM's data preprocessors for any number of bands."""

from collections.abc import Sequence
from typing import Any

import torch
from mmengine.structures import BaseDataElement
from mmpretrain.models.utils import SelfSupDataPreprocessor
from mmseg.models import SegDataPreProcessor
from torch import Tensor

from glcnet_plugin.errors import ConfigError, DataError
from glcnet_plugin.models.data_preprocessors.gpu_views import are_drawn, raw_views
from glcnet_plugin.registry import MODELS


class MultiBandMixin:
    """Mixin for MM's preprocessors: mean and standard deviation of any number of bands.

    MM accepts one or three. Put it before the class of MM in the bases.

    Args:
        mean: One value per band, in the units of the images.
        std: One value per band, in the units of the images.
        band_names: Names of the bands; checkpoints keep them.
        kwargs: Arguments of the class of MM, which refuses those it does not know.

    Raises:
        ConfigError: If these differ in length, are empty, or a ``std`` is not positive.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        mean: Sequence[float],
        std: Sequence[float],
        band_names: Sequence[str] | None = None,
        **kwargs: Any,
    ) -> None:
        if not mean or len(mean) != len(std):
            raise ConfigError(
                f'mean and std need one value per band, got {len(mean)} and {len(std)} values'
            )
        if min(std) <= 0:
            raise ConfigError(f'std must be positive, got {list(std)}')
        if band_names is not None and len(band_names) != len(mean):
            raise ConfigError(f'{len(mean)} means, but {len(band_names)} band_names: {band_names}')
        super().__init__(**kwargs)
        self.band_names = band_names
        self._enable_normalize = True
        self.register_buffer('mean', torch.tensor(mean).float().view(-1, 1, 1), False)  # type: ignore[attr-defined]
        self.register_buffer('std', torch.tensor(std).float().view(-1, 1, 1), False)  # type: ignore[attr-defined]

    def forward(self, data: dict[str, Any], training: bool = False) -> Any:
        """Compare the bands of the images with the number of means, then process as MM does.

        Args:
            data: ``inputs``, views (B, bands, H, W) or images (bands, H, W), and
                ``data_samples``.
            training: As in MM.

        Returns:
            The batch in the form the model takes.

        Raises:
            DataError: If images and means differ in the number of bands.
        """
        for image in data['inputs']:
            if image.shape[-3] != len(self.mean):
                raise DataError(
                    f'the images have {image.shape[-3]} bands, but the data preprocessor has '
                    f'{len(self.mean)} means: make mean, std and the in_channels of the '
                    'backbone agree with the images'
                )
        return super().forward(data, training)  # type: ignore[misc]


@MODELS.register_module()
class RSSegDataPreProcessor(MultiBandMixin, SegDataPreProcessor):
    """MM's ``SegDataPreProcessor`` for any number of bands; see :class:`MultiBandMixin`."""


@MODELS.register_module()
class RSSelfSupDataPreprocessor(MultiBandMixin, SelfSupDataPreprocessor):
    """MM's ``SelfSupDataPreprocessor`` for any number of bands; see :class:`MultiBandMixin`.

    Makes the views that :class:`TwoViewsOnDevice` drew in the loader, on the device of the network.
    """

    def forward(self, data: dict[str, Any], training: bool = False) -> Any:
        """Make the views of tiles for which some are drawn; see :meth:`MultiBandMixin.forward`.

        Args:
            data: ``inputs``, views or tiles, (B, bands, H, W), and ``data_samples``.
            training: As in MM.

        Returns:
            The batch in the form the model takes.

        Raises:
            DataError: If images and means differ in the number of bands.
            ConfigError: If views have to be made and kornia is missing.
        """
        if are_drawn(data):
            tiles = self.cast_data(data['inputs'])
            data = {**data, 'inputs': raw_views({**data, 'inputs': tiles})}
        return super().forward(data, training)

    def cast_data(self, data: Any) -> Any:
        """Move a batch to the device, the data samples in one copy per key.

        MM copies each tensor of each sample, and waits for each: 64 times for the matrices of 64
        pairs.

        Args:
            data: As in MM.

        Returns:
            The same on the device.
        """
        if isinstance(data, list) and data and isinstance(data[0], BaseDataElement):
            data = move_samples(data, self.device)
        return super().cast_data(data)


def move_samples(
    samples: Sequence[BaseDataElement], device: torch.device | str
) -> list[BaseDataElement]:
    """Move data samples to a device, with one copy for each tensor that all of them have.

    Args:
        samples: The samples.
        device: The device.

    Returns:
        New samples. Tensors of different shapes, and those of some samples only, stay where they
        are: MM moves them one by one.
    """
    moved = [sample.new() for sample in samples]
    for key in samples[0].keys() if samples else ():
        values = [sample.get(key) for sample in samples]
        kinds = {(v.shape, v.dtype, v.device) if isinstance(v, Tensor) else None for v in values}
        if len(kinds) == 1 and None not in kinds:
            for sample, value in zip(moved, torch.stack(values).to(device), strict=True):
                sample.set_data({key: value})
    return moved
