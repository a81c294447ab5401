"""Frozen networks of a probe, and which of their features it reads."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import torch
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope
from mmengine.runner import set_random_seed
from torch import Tensor

from glcnet_plugin.checkpoints.loading import load_pretrained, scope_filter
from glcnet_plugin.models.utils.pixel_features import PixelFeatures, normalise
from glcnet_plugin.study.configs import other_bands
from glcnet_plugin.study.context import WEIGHTS, StudyContext
from glcnet_plugin.study.plan import Job


class Extractor(NamedTuple):
    """A frozen network, which of its features each probe reads, and which weights were loaded."""

    name: str
    features: PixelFeatures
    columns: dict[str, slice]
    is_loaded: Callable[[str], bool]

    def calibrate(self, images: Iterable[Tensor], everywhere: bool) -> None:
        """Estimate the statistics of batch normalisation, by default only where none were loaded.

        Args:
            images: (B, bands, H, W) normalised images each.
            everywhere: Whether loaded statistics are replaced, too.
        """
        model = self.features.model
        kept = {k: v.clone() for k, v in model.state_dict().items() if self.is_loaded(k)}
        self.features.calibrate(images)
        if not everywhere:
            model.load_state_dict(kept, strict=False)


class DenseFeatures(PixelFeatures):
    """The dense map of a network that was pretrained with a local branch."""

    def forward(self, x: Tensor) -> list[Tensor]:
        """One map (B, D, h, w)."""
        network: Any = self.model
        _, dense_map = network.forward_maps(x)
        return [dense_map]


def segmentor_features(context: StudyContext, job: Job, cfg: Config) -> Extractor:
    """Features of the network that a fine-tuning of this config would start from."""
    set_random_seed(job.seed)
    model, scope = _build(cfg), context.method_of(job).scope
    is_loaded: Callable[[str], bool] = _nothing
    if (weights := context.weights_of(job)) is not None:
        load_pretrained(model, str(weights), scope, inflate=other_bands(cfg))
        is_loaded = scope_filter(model.state_dict(), scope)
    features = PixelFeatures(model).eval()
    some = normalise(model, torch.zeros(1, len(model.data_preprocessor.mean), 64, 64))
    with torch.no_grad():
        *_, last, encoder = [m.shape[1] for m in features(some)]
    if features.style_source == 'backbone':  # its last stage is the encoder map
        last, encoder = encoder, 0
    columns = {'probe': slice(None)}
    if encoder:  # else they are the features of the last stage
        columns['probe_deep'] = slice(-last - encoder, None)
    columns['probe_last'] = slice(-last - encoder, -encoder or None)
    return Extractor('segmentor', features, columns, is_loaded)


def _nothing(key: str) -> bool:
    """No key: of random weights."""
    return False


def dense_features(pretraining: Path) -> list[Extractor]:
    """Features of the dense map of a pretraining with a local branch; none for others."""
    cfg = Config.fromfile(pretraining / 'config.py')
    if cfg.model.get('local_head') is None:
        return []
    model = _build(cfg)
    state = torch.load(pretraining / WEIGHTS, map_location='cpu', weights_only=True)
    model.load_state_dict(state['state_dict'])
    features = DenseFeatures(model, 'backbone')
    return [
        Extractor('dense', features, {'probe_dense': slice(None)}, model.state_dict().__contains__)
    ]


def _build(cfg: Config) -> Any:
    """Build and initialise the network of a config, on a GPU where there is one."""
    with DefaultScope.overwrite_default_scope(cfg.default_scope):
        model = MODELS.build(cfg.model)
        model.init_weights()
    return model.cuda() if torch.cuda.is_available() else model
