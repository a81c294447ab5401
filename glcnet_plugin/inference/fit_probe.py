"""Fit the classifier of a segmentation network to frozen features: a map before any fine-tuning."""

from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.logging import print_log
from mmengine.registry import MODELS, DefaultScope

from glcnet_plugin.checkpoints.safe_load import read_weights
from glcnet_plugin.engine.console import ConsoleRunner
from glcnet_plugin.engine.cpu_launch import prepare_cpu
from glcnet_plugin.engine.data_settings import set_data_root
from glcnet_plugin.engine.run_config import CONFIGS, read_config_file
from glcnet_plugin.errors import ConfigError
from glcnet_plugin.inference.pretrained_config import (
    recorded_config,
    take_backbone,
    take_loading,
    trained_decoder,
)
from glcnet_plugin.models.channel_inference import decode_head_class

CHECKPOINT = 'probe.pth'
STAGES = CONFIGS / 'downstream/linear_lite0_1xb8-300i_few-labels.py'
STAGES_AND_DENSE_MAP = CONFIGS / 'downstream/linear_lite0-d3plus_1xb8-300i_few-labels.py'
# what a training needs and a fit does not
LEFT_OUT = (
    'preflight', 'ema', 'freeze_norm', 'deterministic_resume', 'graceful_stop', 'dead_taps',
    'progress',
)  # fmt: skip


def fit_probe(
    pretrained: str,
    data_root: str | Path,
    out: str | Path,
    base: str | Path | None = None,
    ann_file: str = '',
    tile_statistics: bool = False,
) -> Path:
    """Fit a linear classifier to frozen features, and save it with its network.

    The classifier is the logistic regression of :func:`glcnet_plugin.evaluation.linear_probe` as a
    1x1 convolution over what enters it: all stages of the backbone and the dense map of GLCNet,
    where the checkpoint has one. The new checkpoint scores, predicts scenes, and starts a
    fine-tuning, like any other of mmseg.

    Args:
        pretrained: Checkpoint of a pretraining, or published weights.
        data_root: Labelled folder.
        out: Folder of the checkpoint, its config and log.
        base: Config of a fine-tuning with ProbeInitHook; None for that of the features above. A
            linear decode head reads all stages of the backbone, a decoder is loaded from the
            checkpoint, and its map is read. A checkpoint of a pretraining brings its own
            backbone, mean and std.
        ann_file: List of the labelled tiles, relative to the folder; empty for all.
        tile_statistics: Whether to re-estimate the statistics of batch normalisation on the
            labelled tiles.

    Returns:
        The checkpoint.

    Raises:
        ConfigError: If the config or the backbone do not fit, or the config has a decoder and the
            checkpoint none.
        DataError: If checkpoint or data cannot be read, or show fewer than two classes.
        CheckpointMismatchError: If the checkpoint does not fill the backbone, or the decoder
            where the config has one.
    """
    base = base or _default_config(pretrained)
    cfg = read_config_file(base)
    hooks = cfg.default_hooks
    if 'probe_init' not in hooks:
        raise ConfigError(f'{base} has no default_hooks.probe_init: use a few-labels config')
    for loader in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        cfg[loader].update(num_workers=0, persistent_workers=False)
        cfg[loader].dataset.ann_file = ann_file if loader == 'train_dataloader' else ''
    recorded = recorded_config(pretrained)
    take_loading(cfg, recorded)
    set_data_root(cfg, data_root)
    take_backbone(cfg, pretrained, recorded)
    for name in LEFT_OUT:
        hooks.pop(name, None)
    hooks.checkpoint = None
    scope = 'encoder_decoder' if _has_decoder(cfg) else 'backbone'
    if scope != 'backbone' and not _holds(pretrained, 'decode_head.'):
        raise ConfigError(
            f'{pretrained} holds no decode head, and {base} reads the map of one: use a few-labels '
            'config with a linear head, such as the default'
        )
    hooks.pretrained.update(checkpoint=pretrained, scope=scope)
    if tile_statistics:
        hooks.tile_statistics = {'type': 'glcnet_plugin.RecalibrateBNHook'}
    cfg.train_cfg.update(max_iters=0)  # the hooks do all the work
    cfg.param_scheduler = None
    cfg.optim_wrapper = {'optimizer': {'type': 'SGD', 'lr': 0.0}}  # without its constructor
    cfg.work_dir = str(out)
    prepare_cpu(cfg)
    runner = ConsoleRunner.from_cfg(cfg)
    runner.train()
    runner.save_checkpoint(
        str(out), CHECKPOINT, save_optimizer=False, save_param_scheduler=False, by_epoch=False
    )
    return Path(out) / CHECKPOINT


def _default_config(pretrained: str) -> Path:
    """Config whose classifier reads all that a checkpoint has trained, as far as it is known."""
    decoder = trained_decoder(recorded_config(pretrained))
    # exported files may leave it out, and what a checkpoint names is not imported
    is_known = decoder is not None and decode_head_class(decoder['type']) is not None
    if is_known and _holds(pretrained, 'decode_head.conv_seg.'):
        print_log('the probe reads all stages of the backbone, and the dense map of its decoder')
        return STAGES_AND_DENSE_MAP
    print_log('the probe reads all stages of the backbone')
    return STAGES


def _has_decoder(cfg: Config) -> bool:
    """Whether the decode head of a network has more parameters than its classifier."""
    with DefaultScope.overwrite_default_scope(cfg.default_scope):
        head: Any = MODELS.build(cfg.model).decode_head
    return any(not name.startswith('conv_seg.') for name, _ in head.named_parameters())


def _holds(pretrained: str, part: str) -> bool:
    """Whether a checkpoint has weights of a part."""
    content = read_weights(pretrained)
    return any(part in key for key in content.get('state_dict', content))
