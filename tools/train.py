r"""Train with a config: pretraining and fine-tuning alike.

Example:
    python tools/train.py configs/glcnet/glcnet_r50-d3plus_1xb64-amp-100e_rgb.py \
        --data-root data/my_images
    python tools/train.py configs/downstream/d3plus_r50_1xb16-150e_rgb.py \
        --data-root data/my_labels --pretrained work_dirs/pretrain/epoch_100.pth --scope encoder
    python -m torch.distributed.run --nproc_per_node 2 tools/train.py CONFIG --launcher pytorch
"""

import argparse
import os
from pathlib import Path

from glcnet_plugin.utils.cli import exit_on_error
from glcnet_plugin.utils.quiet import quiet_imports

with exit_on_error(), quiet_imports():
    from mmengine.config import Config, DictAction

    from glcnet_plugin.checkpoints.loading import SCOPES
    from glcnet_plugin.checkpoints.mm_reader import use_safe_reader
    from glcnet_plugin.engine.console import ConsoleRunner
    from glcnet_plugin.engine.cpu_launch import leave_group_on_exit, prepare_cpu
    from glcnet_plugin.engine.preflight import check_training, check_work_dir
    from glcnet_plugin.engine.run_config import find_hooks, merge_options, read_config_file
    from glcnet_plugin.errors import ConfigError


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='config file')
    parser.add_argument('--work-dir', help='folder of logs and checkpoints')
    parser.add_argument(
        '--data-root',
        help='folder of the data; sets number of classes, bands and their statistics, too',
    )
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        help='continue from the newest checkpoint of the work dir, or from the one given',
    )
    parser.add_argument('--amp', action='store_true', help='train with mixed precision')
    parser.add_argument(
        '--auto-scale-lr',
        action='store_true',
        help='scale the learning rate by batch size x processes / auto_scale_lr.base_batch_size',
    )
    parser.add_argument('--pretrained', help='checkpoint to fine-tune from')
    parser.add_argument('--scope', choices=SCOPES, help='part of the checkpoint to load')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, help='key=value ...')
    parser.add_argument('--launcher', choices=('none', 'pytorch', 'slurm', 'mpi'), default='none')
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0)
    args = parser.parse_args()
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    return args


def load_config(args: argparse.Namespace) -> Config:
    """Read the config and merge the command line into it.

    Raises:
        ConfigError: If ``--pretrained`` is given for a config without LoadPretrainedHook,
            ``--auto-scale-lr`` for one without a base batch size, or ``--data-root`` names no
            folder.
        DataError: If that folder does not contain what the dataset reads.
    """
    cfg = read_config_file(args.config)
    cfg.launcher = args.launcher
    merge_options(cfg, args.cfg_options, args.data_root)
    if args.work_dir is not None:
        cfg.work_dir = args.work_dir
    cfg.setdefault('work_dir', f'work_dirs/{Path(args.config).stem}')
    if args.amp:
        cfg.optim_wrapper.type = 'AmpOptimWrapper'
    if args.auto_scale_lr:
        if 'base_batch_size' not in cfg.get('auto_scale_lr', {}):
            raise ConfigError(
                f'{args.config} has no auto_scale_lr.base_batch_size, the batch that its learning '
                'rate was chosen for: add auto_scale_lr=dict(base_batch_size=...)'
            )
        cfg.auto_scale_lr.enable = True
    if args.resume is not None:
        cfg.resume = True
        cfg.load_from = None if args.resume == 'auto' else args.resume
    given = {'checkpoint': args.pretrained, 'scope': args.scope}
    given = {key: value for key, value in given.items() if value is not None}
    hooks = find_hooks(cfg, 'LoadPretrainedHook')
    if given and not hooks:
        raise ConfigError(
            f'{args.config} has no glcnet_plugin.LoadPretrainedHook in default_hooks or in '
            'custom_hooks, which --pretrained and --scope set: add it, as configs/_base_ does'
        )
    for hook in hooks:
        hook.update(given)
    return cfg


def train(cfg: Config) -> None:
    """Check the run and train; the runner ends with this function."""
    prepare_cpu(cfg)
    use_safe_reader()
    check_work_dir(cfg.work_dir)
    runner = ConsoleRunner.from_cfg(cfg)
    check_training(runner)
    runner.train()


def main() -> None:
    """Train; errors in the settings or the data end it with a line."""
    with exit_on_error(), leave_group_on_exit():
        train(load_config(parse_args()))


if __name__ == '__main__':
    main()
