"""Fit the classifier of a segmentation network to frozen features: a map before any fine-tuning."""

from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.runner import Runner

from glcnet_plugin.checkpoints.safe_load import read_weights
from glcnet_plugin.engine.cpu_launch import prepare_cpu
from glcnet_plugin.engine.data_settings import set_data_root
from glcnet_plugin.engine.run_config import read_config_file
from glcnet_plugin.errors import ConfigError
from glcnet_plugin.utils.config_diff import read_config

CHECKPOINT = 'probe.pth'
READER = 'LoadRSImage'
LOADING = ('bands', 'band_names', 'nodata_fill', 'alpha')  # of the reader
# what a training needs and a fit does not
LEFT_OUT = ('preflight', 'ema', 'freeze_norm', 'deterministic_resume', 'graceful_stop', 'dead_taps')


def fit_probe(
    pretrained: str,
    data_root: str | Path,
    out: str | Path,
    base: str | Path,
    ann_file: str = '',
    tile_statistics: bool = False,
) -> Path:
    """Fit a linear classifier to frozen features, and save it with its network.

    The classifier is the logistic regression of :func:`glcnet_plugin.evaluation.linear_probe` as a
    1x1 convolution over all stages of the backbone. The checkpoint scores, predicts scenes, and
    starts a fine-tuning, like any other of mmseg.

    Args:
        pretrained: Checkpoint of a pretraining, or published weights.
        data_root: Labelled folder.
        out: Folder of the checkpoint, its config and log.
        base: Config of a fine-tuning with ProbeInitHook. A checkpoint of a pretraining brings its
            own backbone, mean and std.
        ann_file: List of the labelled tiles, relative to the folder; empty for all.
        tile_statistics: Whether to re-estimate the statistics of batch normalisation on the
            labelled tiles.

    Returns:
        The checkpoint.

    Raises:
        ConfigError: If the config or the backbone do not fit.
        DataError: If checkpoint or data cannot be read, or show fewer than two classes.
        CheckpointMismatchError: If the checkpoint does not fill the backbone.
    """
    cfg = read_config_file(base)
    hooks = cfg.default_hooks
    if 'probe_init' not in hooks:
        raise ConfigError(f'{base} has no default_hooks.probe_init: use a few-labels config')
    for loader in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        cfg[loader].update(num_workers=0, persistent_workers=False)
        cfg[loader].dataset.ann_file = ann_file if loader == 'train_dataloader' else ''
    recorded = _recorded(pretrained)
    _take_loading(cfg, recorded)
    set_data_root(cfg, data_root)
    _take_backbone(cfg, pretrained, recorded)
    for name in LEFT_OUT:
        hooks.pop(name, None)
    hooks.checkpoint = None
    hooks.pretrained.update(checkpoint=pretrained, scope='backbone')
    if tile_statistics:
        hooks.tile_statistics = {'type': 'glcnet_plugin.RecalibrateBNHook'}
    cfg.train_cfg.update(max_iters=0)  # the hooks do all the work
    cfg.param_scheduler = None
    cfg.work_dir = str(out)
    prepare_cpu(cfg)
    runner = Runner.from_cfg(cfg)
    runner.train()
    runner.save_checkpoint(str(out), CHECKPOINT, save_optimizer=False, by_epoch=False)
    return Path(out) / CHECKPOINT


def _recorded(pretrained: str) -> dict[str, Any]:
    """The config in a checkpoint; empty without one."""
    meta = read_weights(pretrained).get('meta') or {}
    text = meta.get('cfg', meta.get('config'))
    return read_config(text) if isinstance(text, str) else {}


def _take_loading(cfg: Config, recorded: dict[str, Any]) -> None:
    """Read images as the pretraining did: the same bands in the same order."""
    dataset = (recorded.get('train_dataloader') or {}).get('dataset') or {}
    readers = [s for s in dataset.get('pipeline') or () if str(s.get('type')).endswith(READER)]
    kept = {key: readers[0][key] for key in LOADING if readers and key in readers[0]}
    for loader in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        for step in cfg[loader].dataset.pipeline:
            if str(step['type']).endswith(READER):
                step.update(kept)


def _take_backbone(cfg: Config, pretrained: str, recorded: dict[str, Any]) -> None:
    """Take the backbone and its normalisation of the pretraining, if the checkpoint says them."""
    meta = read_weights(pretrained).get('meta') or {}
    backbone = (recorded.get('model') or {}).get('backbone')
    if not isinstance(backbone, dict):
        return
    backbone = {key: value for key, value in backbone.items() if key != 'init_cfg'}
    cfg.model.backbone = backbone
    bands = meta.get('bands') or {}
    for key in ('mean', 'std'):
        if bands.get(key):
            cfg.model.data_preprocessor[key] = bands[key]
    indices = backbone.get('out_indices', (0, 1, 2, 3))
    cfg.model.decode_head.in_index = list(range(len(indices)))
