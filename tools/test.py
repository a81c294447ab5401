r"""Score a segmentation checkpoint: OA, AA, Kappa, mIoU, mF1 and the table of classes.

The config that a training leaves in its work dir needs no options.

Example:
    python tools/test.py work_dirs/finetune/d3plus_r50_1xb16-150e_rgb.py \
        work_dirs/finetune/epoch_150.pth --out work_dirs/finetune/scores
    python tools/test.py CONFIG CHECKPOINT --data-root data/other_labels
"""

import argparse
import os

from glcnet_plugin.utils.cli import exit_on_error
from glcnet_plugin.utils.quiet import quiet_imports

with exit_on_error(), quiet_imports():
    from mmengine.config import Config, DictAction

    from glcnet_plugin.checkpoints.mm_reader import use_safe_reader
    from glcnet_plugin.engine.console import ConsoleRunner
    from glcnet_plugin.engine.cpu_launch import leave_group_on_exit, prepare_cpu
    from glcnet_plugin.engine.preflight import check_work_dir
    from glcnet_plugin.engine.run_config import merge_options, read_config_file


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='config file of the fine-tuning')
    parser.add_argument('checkpoint', help='its checkpoint')
    parser.add_argument('--work-dir', default='work_dirs/test', help='folder of logs')
    parser.add_argument(
        '--data-root',
        help='folder of the data; sets the number of classes, too, and the bands of the checkpoint',
    )
    parser.add_argument(
        '--out', help='folder for scores.json and scores.csv; default: beside the log'
    )
    parser.add_argument('--show-dir', help='folder for a picture of every prediction')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, help='key=value ...')
    parser.add_argument('--launcher', choices=('none', 'pytorch', 'slurm', 'mpi'), default='none')
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0)
    args = parser.parse_args()
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    return args


def load_config(args: argparse.Namespace) -> Config:
    """Read the config and merge the command line into it."""
    cfg = read_config_file(args.config)
    cfg.launcher = args.launcher
    merge_options(
        cfg,
        args.cfg_options,
        args.data_root,
        loader='test_dataloader',
        checkpoint=args.checkpoint,
    )
    cfg.work_dir = args.work_dir
    cfg.load_from = args.checkpoint
    cfg.resume = False  # in the dumped config of a resumed run
    many = isinstance(cfg.test_evaluator, list | tuple)
    for metric in cfg.test_evaluator if many else [cfg.test_evaluator]:
        if not many or str(metric['type']).endswith('RSSegMetric'):
            metric['output_dir'] = args.out
    if args.show_dir is not None:
        hook = dict(type='glcnet_plugin.RSSegVisualizationHook', draw=True)
        cfg.default_hooks = dict(cfg.default_hooks, visualization=hook)
        cfg.visualizer.save_dir = args.show_dir
    return cfg


def main() -> None:
    """Score; errors in the settings or the data end it with a line."""
    with exit_on_error(), leave_group_on_exit():
        cfg = load_config(parse_args())
        prepare_cpu(cfg)
        use_safe_reader()
        check_work_dir(cfg.work_dir)
        ConsoleRunner.from_cfg(cfg).test()


if __name__ == '__main__':
    main()
