"""Start a fine-tuning from the linear probe of its own features."""

import time
from typing import Any

import numpy as np
import torch
from mmengine.dist import broadcast
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor, nn

from glcnet_plugin.engine.eval_context import preserve_training_state
from glcnet_plugin.engine.labelled_tiles import base_datasets, labelled_samples
from glcnet_plugin.engine.probe_sets import choose_pixels, extract
from glcnet_plugin.engine.utils import on_first_process, unwrap_model
from glcnet_plugin.errors import ConfigError, DataError
from glcnet_plugin.evaluation.pixel_sampling import pixels_per_tile
from glcnet_plugin.evaluation.probe import as_layer, fit_linear
from glcnet_plugin.models.utils import capture_input
from glcnet_plugin.models.utils.pixel_features import PixelFeatures
from glcnet_plugin.registry import HOOKS


@HOOKS.register_module()
class ProbeInitHook(Hook):
    """Fit the classifier to the features that enter it, then train from there.

    A random classifier sends random gradients into a pretrained backbone, and distorts features
    that the labelled tiles do not show; one that is fitted first does not (Kumar et al.,
    Fine-Tuning can Distort Pretrained Features, ICLR 2022, https://arxiv.org/abs/2202.10054).

    The classifier ``decode_head.conv_seg`` becomes the logistic regression of
    :func:`glcnet_plugin.evaluation.linear_probe`, on as many pixels of the training set, without
    augmentation. A class without a labelled pixel starts as less likely than one of them. Once,
    before the first iteration, after weights are loaded and statistics of batch normalisation
    are estimated; a resumed run keeps its own. The random streams of the training stay as they
    are. With multiple processes the first one fits.

    Raises:
        ConfigError: Before training, if the decode head has no classifier of this kind.
        DataError: If the training set is empty, shows fewer than two classes, or differs in bands
            from the network.
        NonFiniteError: If the features hold NaN or infinity.
    """

    priority = 'ABOVE_NORMAL'  # after RecalibrateBNHook, before hooks that average the weights

    def before_train(self, runner: Runner) -> None:
        """Fit the classifier."""
        if runner.iter > 0:
            return
        layer = classifier(unwrap_model(runner))
        on_first_process(lambda: self._fit(runner, layer), 'the fit of the classifier')
        for parameter in layer.parameters():
            broadcast(parameter.data)

    def _fit(self, runner: Runner, layer: nn.Conv2d) -> None:
        """Fit the classifier in this process."""
        model, start = unwrap_model(runner), time.perf_counter()
        dataset: Any = runner.train_dataloader.dataset
        count = pixels_per_tile(max(1, sum(map(len, base_datasets(dataset)))))
        with preserve_training_state(model):
            tiles = [choose_pixels(sample, count) for sample in labelled_samples(dataset)]
            if not tiles:
                raise DataError('the training set holds no image to fit the classifier to')
            features, labels = extract(ClassifierInput(model), tiles)
            probe = fit_linear(features, labels)
            weight, bias = as_layer(probe, layer.out_channels, len(labels))
            layer.weight.copy_(torch.from_numpy(weight)[..., None, None])
            layer.bias.copy_(torch.from_numpy(bias))  # type: ignore[union-attr]
        seen = np.unique(labels).size
        runner.logger.info(
            f'the classifier starts from a linear probe of {len(labels)} pixels of {len(tiles)} '
            f'images, which show {seen} of {layer.out_channels} classes '
            f'({time.perf_counter() - start:.1f} s)'
        )


class ClassifierInput(PixelFeatures):
    """The features that enter the classifier of a segmentation network."""

    def forward(self, x: Tensor) -> list[Tensor]:
        """One map (B, C, h, w)."""
        with capture_input(classifier(self.model)) as maps:
            self.model(x)
        if not maps:
            raise ConfigError(f'{_head_name(self.model)} does not use its conv_seg')
        return maps[-1:]


def classifier(model: nn.Module) -> nn.Conv2d:
    """The layer of a segmentation network that turns features into logits.

    Args:
        model: A network with ``decode_head``.

    Returns:
        A 1x1 convolution with bias and one output per class.

    Raises:
        ConfigError: If its decode head has no such ``conv_seg``.
    """
    head: Any = getattr(model, 'decode_head', None)
    layer = getattr(head, 'conv_seg', None)
    if not isinstance(layer, nn.Conv2d) or layer.kernel_size != (1, 1) or layer.bias is None:
        raise ConfigError(
            f'{_head_name(model)} has no classifier conv_seg, a 1x1 convolution with bias: leave '
            'ProbeInitHook out, or choose another decode head'
        )
    if layer.out_channels < 2:
        raise ConfigError(
            f'{_head_name(model)} has one output for two classes: set '
            'model.decode_head.out_channels=2, or leave ProbeInitHook out'
        )
    return layer


def _head_name(model: nn.Module) -> str:
    """What to call the decode head in errors."""
    return type(getattr(model, 'decode_head', None)).__name__
