"""Private members of OpenMMLab classes: the only file that reads or sets them on an object.

Read in mmengine 0.10.12, the same in 0.10.7; each has a test, which fails when a release
renames it.

Private methods that subclasses of this package override, or attributes that they use:
- ``CheckpointHook._save_checkpoint_with_step``, ``_save_best_checkpoint``: AtomicCheckpointHook
- ``EncoderDecoder._init_decode_head``, ``_init_auxiliary_head``: RSEncoderDecoder
- ``SegVisualizationHook._visualizer``: RSSegVisualizationHook
- ``ImgDataPreprocessor._enable_normalize``: MultiBandMixin
"""

from collections.abc import Iterable

from mmengine.dataset import InfiniteSampler
from mmengine.hooks import CheckpointHook
from mmengine.logging import MMLogger
from mmengine.model import BaseDataPreprocessor
from mmengine.runner import BaseLoop, Runner


def checkpoint_to_load(runner: Runner) -> str | None:
    """The checkpoint that a run is to load, from ``load_from``; None for none or the latest."""
    path: str | None = runner._load_from
    return path


def set_checkpoint_to_load(runner: Runner, path: str | None) -> None:
    """Choose the checkpoint that ``Runner.load_or_resume`` reads next."""
    runner._load_from = path


def is_resumed(runner: Runner) -> bool:
    """Whether a run is to resume, or has resumed, from a checkpoint."""
    return bool(runner._resume)


def has_loaded(runner: Runner) -> bool:
    """Whether ``Runner.load_or_resume`` is done."""
    return bool(runner._has_loaded)


def set_iteration(runner: Runner, iteration: int) -> None:
    """Set the number of finished iterations of a training."""
    runner.train_loop._iter = iteration  # type: ignore[union-attr]


def is_test_only(runner: Runner) -> bool:
    """Whether a run is in its test, without having prepared a training.

    The public ``train_loop`` and ``test_loop`` would build the loops.
    """
    return isinstance(runner._test_loop, BaseLoop) and not isinstance(runner._train_loop, BaseLoop)


def built_loops(runner: Runner) -> list[BaseLoop | None]:
    """Loops of training, validation and test, None for those that a run has not built."""
    loops = (runner._train_loop, runner._val_loop, runner._test_loop)
    return [loop if isinstance(loop, BaseLoop) else None for loop in loops]


def compile_train_step(runner: Runner) -> None:
    """Compile the training step of a model, where the config has ``compile``."""
    runner._maybe_compile('train_step')


def restart_sampler(sampler: InfiniteSampler) -> None:
    """Let an endless sampler start again with the first index of this process."""
    sampler.indices = sampler._indices_of_rank()


def loggers() -> Iterable[MMLogger]:
    """All loggers of runs in this process."""
    return list(MMLogger._instance_dict.values())


def default_greater_keys() -> list[str]:
    """Parts of the names of scores of which ``CheckpointHook(save_best=...)`` keeps the largest."""
    return list(CheckpointHook._default_greater_keys)


def turns_channels(preprocessor: BaseDataPreprocessor) -> bool:
    """Whether a preprocessor turns the order of three channels (``bgr_to_rgb``)."""
    names = ('_channel_conversion', 'channel_conversion')  # the second in mmsegmentation 1.2
    return any(getattr(preprocessor, name, False) for name in names)
