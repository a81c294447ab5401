"""Segmentation networks as ONNX files: prediction without torch modules or their configs."""

import json
import warnings
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from glcnet_plugin.engine.mm_internals import turns_channels
from glcnet_plugin.errors import ConfigError, DataError
from glcnet_plugin.inference.model import SegmentationModel, class_probabilities
from glcnet_plugin.utils.atomic_io import replacing

OPSET = 17
INPUT, OUTPUT, FACTS = 'image', 'probabilities', 'glcnet_plugin'
KEPT = ('classes', 'palette', 'bands', 'band_names', 'window', 'loading', 'fingerprint')
INSTALL = "pip install 'glcnet-plugin[onnx]'"


class _Graph(nn.Module):
    """Raw images (B, bands, H, W) to probabilities of the same size."""

    def __init__(self, model: SegmentationModel) -> None:
        super().__init__()
        self.network = model.network
        preprocessor = model.network.data_preprocessor
        self.flips = model.reverses_bands != turns_channels(preprocessor)
        self.mean, self.std = preprocessor.mean, preprocessor.std
        self.align_corners = bool(model.network.align_corners)

    def forward(self, images: Tensor) -> Tensor:
        """Probabilities."""
        inputs = images.flip(1) if self.flips else images
        logits = self.network((inputs - self.mean) / self.std, mode='tensor')
        size = images.shape[2:]
        logits = F.interpolate(logits, size, mode='bilinear', align_corners=self.align_corners)
        return class_probabilities(logits)


def export_onnx(model: SegmentationModel, path: str | Path) -> Path:
    """Write a network as an ONNX file.

    The graph takes raw images of any number and size, and normalises them. The file holds classes,
    colours, bands and window, so that :func:`load_model` needs nothing else.

    Args:
        model: The network, on the CPU.
        path: File to write; ends with .onnx.

    Returns:
        The file.

    Raises:
        ConfigError: If the package onnx is not installed, the name has another ending, or the
            network is a cascade.
    """
    path = Path(path)
    if path.suffix != '.onnx':
        raise ConfigError(f'{path}: the name must end with .onnx, by which it is recognised')
    if isinstance(model.network.decode_head, nn.ModuleList):
        raise ConfigError('a cascade of decode heads cannot be exported to ONNX here')
    try:
        import onnx
    except ImportError as error:
        raise ConfigError(f'the export needs onnx: {INSTALL}') from error
    path.parent.mkdir(parents=True, exist_ok=True)
    side = max(64, min(model.window, 256))
    example = torch.zeros(1, model.bands, side, side)
    sizes = {0: 'batch', 2: 'height', 3: 'width'}
    # the exporter by traces is the only one of torch 2.1, and not the default since 2.9
    by_traces: dict[str, Any] = (
        {'dynamo': False} if 'dynamo' in signature(torch.onnx.export).parameters else {}
    )
    with replacing(path) as part, warnings.catch_warnings():
        warnings.simplefilter('ignore')  # of the exporter, about itself
        torch.onnx.export(
            _Graph(model).eval(), (example,), str(part), opset_version=OPSET, **by_traces,
            input_names=[INPUT], output_names=[OUTPUT],
            dynamic_axes={INPUT: sizes, OUTPUT: sizes},
        )  # fmt: skip
        content = onnx.load(str(part))
        facts = {key: _plain(getattr(model, key)) for key in KEPT}
        onnx.helper.set_model_props(content, {FACTS: json.dumps(facts)})
        onnx.save(content, str(part))
    return path


def _plain(value: Any) -> Any:
    """A value as JSON holds it."""
    return dict(value) if isinstance(value, dict) else value


class OnnxModel(SegmentationModel):
    """A network in an ONNX file, which onnxruntime computes on the CPU."""

    @property
    def device(self) -> torch.device:
        """The CPU."""
        return torch.device('cpu')

    def _predict(self, images: Tensor, amp: bool) -> Tensor:
        """Probabilities without augmentation; always in full precision."""
        (values,) = self.network.run([OUTPUT], {INPUT: images.float().numpy()})
        return torch.from_numpy(values)

    def features(self, image: NDArray[Any]) -> list[NDArray[np.float32]]:
        """Not in an ONNX file.

        Raises:
            ConfigError: Always.
        """
        raise ConfigError('an ONNX file gives no features: load the checkpoint it was made from')


def load_onnx(path: str | Path) -> OnnxModel:
    """Open a file of :func:`export_onnx`.

    Args:
        path: The file.

    Returns:
        The network, to be used like that of a checkpoint.

    Raises:
        ConfigError: If onnxruntime is not installed.
        DataError: If the file is missing or damaged, or was made by another program.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise ConfigError(f'{path} needs onnxruntime: {INSTALL}') from error
    try:
        session = onnxruntime.InferenceSession(str(path), providers=['CPUExecutionProvider'])
    except Exception as error:  # onnxruntime's own types
        raise DataError(f'cannot read {path}: {error}') from error
    facts = session.get_modelmeta().custom_metadata_map.get(FACTS)
    if facts is None:
        raise DataError(f'{path} does not say its classes and bands: export it by tools/export.py')
    return OnnxModel(network=session, reverses_bands=False, **json.loads(facts))
