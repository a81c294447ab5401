"""Export the weights of a checkpoint to a small file that is safe to share and to load.

Example:
    python tools/export.py work_dirs/pretrain/epoch_100.pth --out weights
    python tools/export.py work_dirs/pretrain/epoch_100.pth --out weights --layout timm
    python tools/export.py work_dirs/probe/probe.pth --out weights --layout onnx
"""

import argparse
from pathlib import Path

from glcnet_plugin.utils.cli import exit_on_error
from glcnet_plugin.utils.quiet import quiet_imports

with exit_on_error(), quiet_imports():
    from glcnet_plugin.checkpoints.export import LAYOUTS, export_weights
    from glcnet_plugin.checkpoints.loading import SCOPES
    from glcnet_plugin.inference.loading import load_model
    from glcnet_plugin.inference.onnx_model import export_onnx


def main() -> None:
    """Parse the command line and export; errors end it with a line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('checkpoint', help='file, or https:// address')
    parser.add_argument('--out', required=True, help='folder for the weights')
    parser.add_argument(
        '--scope',
        choices=SCOPES,
        help='part to export; default: encoder, with other layouts than mm backbone',
    )
    parser.add_argument(
        '--layout',
        choices=[*LAYOUTS, 'onnx'],
        default='mm',
        help='library whose parameter names are used (default: mm); or the whole segmentation '
        'network as an ONNX file, which tools/predict_scene.py takes in place of a checkpoint',
    )
    parser.add_argument(
        '--name', help='start of the file name; default: folder and name of the checkpoint'
    )
    args = parser.parse_args()
    with exit_on_error():
        if args.layout == 'onnx':
            name = args.name or Path(args.checkpoint).stem
            model = load_model(args.checkpoint, device='cpu')
            print(export_onnx(model, Path(args.out) / f'{name}.onnx'))
            return
        report = export_weights(args.checkpoint, args.out, args.scope, args.layout, args.name)
    for title, counts in (('exported', report.exported), ('dropped', report.dropped)):
        for module, count in counts.items():
            print(f'{title:<9} {count:>5} tensors  {module}')
    print(f'{report.path} ({report.path.stat().st_size / 2**20:.1f} MiB)')


if __name__ == '__main__':
    main()
