r"""Fit a linear classifier to the frozen features of a pretraining: a map in a minute.

The checkpoint that it writes predicts scenes, is scored and fine-tuned like any other.

Example:
    python tools/fit_probe.py work_dirs/continued/iter_1000.pth data/my_labels
    python tools/fit_probe.py imagenet://efficientnet_lite0 data/my_labels
    python tools/fit_probe.py work_dirs/continued/iter_1000.pth data/my_labels \
        --config configs/downstream/linear_lite0_1xb8-300i_few-labels.py
"""

import argparse
from pathlib import Path

from glcnet_plugin.utils.cli import exit_on_error, run_tool
from glcnet_plugin.utils.quiet import quiet_imports

with exit_on_error(), quiet_imports():
    from glcnet_plugin.inference.fit_probe import fit_probe


def main() -> None:
    """Fit, and say where the checkpoint is."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('pretrained', help='checkpoint of a pretraining, or published weights')
    parser.add_argument('data_root', help='labelled folder')
    parser.add_argument(
        '--config',
        help='few-labels config, which says which features are read; default: all stages of the '
        'backbone, and the dense map of GLCNet where the checkpoint has one',
    )
    parser.add_argument('--list', default='', help='labelled tiles, a file in the folder')
    parser.add_argument(
        '--tile-statistics',
        action='store_true',
        help='re-estimate the statistics of batch normalisation on the labelled tiles',
    )
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/probe'))
    args = parser.parse_args()
    path = fit_probe(
        args.pretrained, args.data_root, args.work_dir, args.config, args.list, args.tile_statistics
    )
    print(f'{path}\nnext: python tools/predict_scene.py SCENE.tif {path} --out maps')


if __name__ == '__main__':
    run_tool(main)
