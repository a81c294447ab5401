"""Compare the number of classes of the dataset and of the network before a run starts."""

from itertools import chain
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

    Without it, a head that is too small fails in a GPU kernel at the first pixel of a higher class,
    and one that is too large trains without notice. Wrapped datasets, cascades and test-time
    augmentation are checked too; networks without decode heads are not.

    A single class is refused: all that is not ignored would be right.

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
    """Compare all heads of a model with a dataset; skip what either does not tell."""
    classes = getattr(dataset, 'metainfo', {}).get('classes')
    model = getattr(model, 'module', model)  # inside a model of test-time augmentation
    parts = (getattr(model, name, None) for name in ('decode_head', 'auxiliary_head'))
    for head in chain.from_iterable(map(_heads, parts)):
        outputs = getattr(head, 'num_classes', None)
        if outputs == 1:
            raise ConfigError(
                f'{type(head).__name__} has num_classes=1: every pixel would be right. Add a class '
                'for the rest of the image, such as background, to the dataset, and set '
                'model.decode_head.num_classes=2'
            )
        if classes and outputs is not None and outputs != len(classes):
            raise ConfigError(
                f'{type(head).__name__} has num_classes={outputs}, but the dataset has '
                f'{len(classes)} classes: {list(classes)}; set model.decode_head.num_classes'
                f'={len(classes)}'
            )


def _heads(part: Any) -> list[Any]:
    """One head, a list of them (auxiliary ones, cascades), or none."""
    if part is None:
        return []
    return list(part) if isinstance(part, nn.ModuleList) else [part]
