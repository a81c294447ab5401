"""Compare the classes of the data with the outputs of the network before anything runs."""

from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import nn

from glcnet_plugin.engine.utils import unwrap_model
from glcnet_plugin.errors import ConfigError
from glcnet_plugin.registry import HOOKS


@HOOKS.register_module()
class ClassNumCheckHook(Hook):
    """Stop if a decode head has another number of classes than the dataset.

    Without it, a head that is too small fails in a kernel of the GPU at the first pixel of a
    higher class, and one that is too large trains on in silence.

    Raises:
        ConfigError: Before training or test, with both numbers.
    """

    priority = 'VERY_HIGH'

    def before_train(self, runner: Runner) -> None:
        """Check the training set."""
        _check(unwrap_model(runner), runner.train_dataloader.dataset)

    def before_test(self, runner: Runner) -> None:
        """Check the test set."""
        _check(unwrap_model(runner), runner.test_dataloader.dataset)


def _check(model: Any, dataset: Any) -> None:
    """Compare all heads of a model with a dataset."""
    classes = getattr(dataset, 'metainfo', {}).get('classes')
    for head in [*_heads(model.decode_head), *_heads(getattr(model, 'auxiliary_head', None))]:
        if classes and head.num_classes != len(classes):
            raise ConfigError(
                f'{type(head).__name__} has num_classes={head.num_classes}, but the dataset has '
                f'{len(classes)} classes: {list(classes)}; set model.decode_head.num_classes'
                f'={len(classes)}'
            )


def _heads(part: Any) -> list[Any]:
    """One head, a list of them (auxiliary ones, cascades), or none."""
    if part is None:
        return []
    return list(part) if isinstance(part, nn.ModuleList) else [part]
