"""Check that a backbone and a decode head work together, or write the table of all pairs.

Example:
    python tools/check_pair.py swin_tiny upernet --bands 4
    python tools/check_pair.py convnext_tiny semantic_fpn
    python tools/check_pair.py --table docs/pairs.md
"""

import argparse
import logging
import tempfile
import warnings
from pathlib import Path
from typing import Any

BASE = Path(__file__).resolve().parents[1] / 'configs/_base_'
CLASSES = 5
BATCH, SIDE = 2, 64  # of the training step
TABLE_SIDE = 224  # of the image that operations are counted for

# Names of files in configs/_base_; 'head:neck' for another neck than the head's own.
PAIRS = {
    'resnet18_os16': 'deeplabv3plus upernet fcn segformer lraspp linear',
    'resnet50_os16': 'deeplabv3plus deeplabv3 fcn pspnet upernet segformer semantic_fpn',
    'resnet101_os16': 'deeplabv3plus upernet pspnet',
    'resnetv1c50_os16': 'deeplabv3plus pspnet',
    'resnext50_os16': 'deeplabv3plus upernet',
    'hrnet_w18': 'fcn_concat upernet segformer semantic_fpn',
    'mobilenetv2_os16': 'deeplabv3plus lraspp fcn segformer',
    'convnext_tiny': 'upernet segformer semantic_fpn deeplabv3plus fcn',
    'swin_tiny': 'upernet segformer semantic_fpn deeplabv3plus pspnet',
    'mit_b0': 'segformer upernet semantic_fpn deeplabv3plus',
    'vit_small': 'fcn deeplabv3 segformer upernet:pyramid',
    'unet': 'fcn_unet',
}


def all_pairs() -> list[tuple[str, str, str | None]]:
    """Backbone, decode head and neck (None for the head's own) of every pair of the table."""
    return [
        (backbone, *((*entry.split(':'), None)[:2]))
        for backbone, entries in PAIRS.items()
        for entry in entries.split()
    ]


def read_base(folder: str, name: str) -> Any:
    """Config of a part, from ``configs/_base_``; ConfigError lists the parts if it is missing."""
    from mmengine.config import Config

    from glcnet_plugin.errors import ConfigError

    path = BASE / folder / f'{name}.py'
    if not path.is_file():
        names = ', '.join(sorted(other.stem for other in path.parent.glob('*.py')))
        raise ConfigError(f'{name!r} is none of the {folder}: {names}')
    return Config.fromfile(path)


def build_pair(backbone: str, decode_head: str, neck: str | None, stage: str, bands: int) -> Any:
    """Build the network of a stage.

    Args:
        backbone: Name of a file in ``configs/_base_/backbones``.
        decode_head: Name of a file in ``configs/_base_/decode_heads``.
        neck: Name of a file in ``configs/_base_/necks``; None for the neck that the file of the
            decode head brings, if any.
        stage: 'glcnet' or 'encoder_decoder'.
        bands: Number of bands.

    Returns:
        The network, initialised.

    Raises:
        ConfigError: If there is no such part, or the parts do not fit.
    """
    from mmengine.registry import MODELS, DefaultScope

    model, head = read_base('models', stage).model, read_base('decode_heads', decode_head)
    model.backbone = {**read_base('backbones', backbone).backbone, 'in_channels': bands}
    model.neck = head.get('neck') if neck is None else read_base('necks', neck).neck
    model.decode_head = head.decode_head
    if stage == 'encoder_decoder':
        model.decode_head.num_classes = CLASSES
    model.data_preprocessor.update(mean=[127.5] * bands, std=[79.6875] * bands)
    with DefaultScope.overwrite_default_scope('mmpretrain' if stage == 'glcnet' else 'mmseg'):
        network = MODELS.build(model)
        network.init_weights()
    return network


def check_pair(
    backbone: str, decode_head: str, neck: str | None = None, bands: int = 3
) -> dict[str, Any]:
    """Pretrain a pair for one step, then load it into the segmentation network.

    Args:
        backbone: See :func:`build_pair`.
        decode_head: See :func:`build_pair`.
        neck: See :func:`build_pair`.
        bands: Number of bands.

    Returns:
        Facts for the table: names of the parts, ``encoder map`` (the submodule that gives it),
        ``parameters`` of the segmentation network, and those that are ``frozen``, because no
        loss of pretraining depends on them.

    Raises:
        ConfigError: If the parts do not fit, a loss is not finite, or a parameter that should
            learn gets no gradient.
        CheckpointMismatchError: If the checkpoint does not fill the segmentation network, except
            for its classifier.
    """
    import torch

    from glcnet_plugin.checkpoints.loading import load_pretrained
    from glcnet_plugin.errors import ConfigError

    pair = f'{backbone} with {decode_head}'
    model = build_pair(backbone, decode_head, neck, 'glcnet', bands)
    train_one_step(model, bands, pair)
    segmentor = build_pair(backbone, decode_head, neck, 'encoder_decoder', bands)
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / 'glcnet.pth')
        torch.save({'state_dict': model.state_dict(), 'meta': {}}, path)
        report = load_pretrained(segmentor, path, 'encoder_decoder')
    own = [k for k in segmentor.state_dict() if not k.startswith('decode_head.conv_seg.')]
    if sum(report.matched.values()) != len(own):
        raise ConfigError(f'{pair}: {report} of {len(own)} tensors')
    with torch.no_grad():
        scores = segmentor.eval()(torch.rand(1, bands, SIDE, SIDE))
    if scores.shape[1] != CLASSES or not scores.isfinite().all():
        raise ConfigError(f'{pair}: {scores.shape[1]} scores per pixel, finite ones of {CLASSES} '
                          'classes were expected')  # fmt: skip
    return {
        'backbone': backbone,
        'decode head': decode_head,
        'neck': type(segmentor.neck).__name__ if segmentor.with_neck else '',
        'encoder map': model.style_source,
        'parameters': sum(p.numel() for p in segmentor.parameters()),
        'frozen': sum(p.numel() for p in model.parameters() if not p.requires_grad),
    }


def train_one_step(model: Any, bands: int, pair: str) -> None:
    """Losses and gradients of a batch of noise, both views showing the same ground."""
    import torch
    from mmpretrain.structures import DataSample

    from glcnet_plugin.errors import ConfigError

    sample = DataSample()
    sample.set_field(torch.eye(3).repeat(2, 1, 1), 'view_matrix')
    views = [torch.randint(0, 256, (BATCH, bands, SIDE, SIDE)).byte() for _ in range(2)]
    data = model.data_preprocessor({'inputs': views, 'data_samples': [sample] * BATCH}, True)
    losses = model(**data, mode='loss')
    total, _ = model.parse_losses(losses)
    total.backward()
    if not total.isfinite():
        values = ', '.join(f'{name} {float(value):.3g}' for name, value in losses.items())
        raise ConfigError(f'{pair}: losses are not finite: {values}')
    idle = [n for n, p in model.named_parameters() if p.requires_grad and p.grad is None]
    if idle:
        raise ConfigError(f'{pair}: no gradient reaches {", ".join(idle)}')


def table_row(backbone: str, decode_head: str, neck: str | None) -> str:
    """Check a pair with 3 and 4 bands, and return its row of the table in Markdown."""
    from mmengine.analysis import get_model_complexity_info

    facts = check_pair(backbone, decode_head, neck, bands=3)
    check_pair(backbone, decode_head, neck, bands=4)
    model = build_pair(backbone, decode_head, neck, 'encoder_decoder', bands=3).eval()
    counted = get_model_complexity_info(
        model, input_shape=(3, TABLE_SIDE, TABLE_SIDE), show_table=False, show_arch=False
    )
    cells = [facts['backbone'], facts['decode head'], facts['neck'], f'`{facts["encoder map"]}`']
    cells += [f'{facts["parameters"] / 1e6:.2f}', f'{counted["flops"] / 1e9:.1f}']
    cells += [f'{facts["frozen"]:,}' if facts['frozen'] else '']
    return f'| {" | ".join(cells)} |'


def write_table(path: Path) -> None:
    """Check all pairs, and write their rows between the markers of a document."""
    rows = []
    for pair in all_pairs():
        rows.append(table_row(*pair))
        print(rows[-1], flush=True)
    text = path.read_text(encoding='utf-8')
    head, rest = text.split('<!-- pairs -->\n')
    path.write_text(
        f'{head}<!-- pairs -->\n'
        '| backbone | decode head | neck | encoder map | parameters, M | GFLOPs | frozen |\n'
        '|---|---|---|---|---|---|---|\n'
        + '\n'.join(rows)
        + f'\n<!-- end -->{rest.split("<!-- end -->")[1]}',
        encoding='utf-8',
    )


def main() -> None:
    """Parse the command line and check."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('backbone', nargs='?', help='file in configs/_base_/backbones')
    parser.add_argument('decode_head', nargs='?', help='file in configs/_base_/decode_heads')
    parser.add_argument('--neck', help="file in configs/_base_/necks; default: the head's own")
    parser.add_argument('--bands', type=int, default=3)
    parser.add_argument('--table', type=Path, help='check all pairs, write this document')
    args = parser.parse_args()
    if args.table is None and args.decode_head is None:
        parser.error('name a backbone and a decode head, or --table')
    warnings.filterwarnings('ignore')
    logging.disable(logging.WARNING)
    from glcnet_plugin.utils.cli import exit_on_error

    with exit_on_error():
        if args.table is not None:
            write_table(args.table)
            return
        facts = check_pair(args.backbone, args.decode_head, args.neck, args.bands)
        for name, value in facts.items():
            print(f'{name:<12}', f'{value:,}' if isinstance(value, int) else value or 'none')


if __name__ == '__main__':
    main()
