"""Check that a backbone and a decode head work together, or write the table of all pairs.

Example:
    python tools/check_pair.py swin_tiny upernet --bands 4
    python tools/check_pair.py --table docs/pairs.md
"""

import argparse
import logging
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CONFIGS = ROOT / 'configs'
SIDE = 224  # of the images that operations are counted for

# Names of files in configs/_base_; 'head:neck' where there is a neck.
PAIRS = {
    'resnet18_os16': 'deeplabv3plus upernet fcn segformer lraspp',
    'resnet50_os16': 'deeplabv3plus deeplabv3 fcn pspnet upernet segformer semantic_fpn:own',
    'resnet101_os16': 'deeplabv3plus upernet pspnet',
    'resnetv1c50_os16': 'deeplabv3plus pspnet',
    'resnext50_os16': 'deeplabv3plus upernet',
    'hrnet_w18': 'fcn_concat upernet segformer semantic_fpn:own',
    'mobilenetv2_os16': 'deeplabv3plus lraspp fcn segformer',
    'convnext_tiny': 'upernet segformer semantic_fpn:own deeplabv3plus fcn',
    'swin_tiny': 'upernet segformer semantic_fpn:own deeplabv3plus pspnet',
    'mit_b0': 'segformer upernet semantic_fpn:own deeplabv3plus',
    'vit_small': 'fcn deeplabv3 segformer upernet:pyramid',
    'unet': 'fcn_unet',
}


def all_pairs() -> list[tuple[str, str, str | None]]:
    """Backbone, decode head and neck of every pair of the table."""
    return [
        (backbone, *((*entry.split(':'), None)[:2]))
        for backbone, entries in PAIRS.items()
        for entry in entries.split()
    ]


def table_row(backbone: str, decode_head: str, neck: str | None) -> str:
    """Check a pair with 3 and 4 bands.

    Args:
        backbone: See :func:`leaf_text`.
        decode_head: See :func:`leaf_text`.
        neck: See :func:`leaf_text`.

    Returns:
        Its row of the table, in Markdown.
    """
    from mmengine.analysis import get_model_complexity_info

    from glcnet_plugin.apis.pairs import build_pair, check_pair

    facts = check_pair(backbone, decode_head, neck, CONFIGS, bands=3)
    check_pair(backbone, decode_head, neck, CONFIGS, bands=4)
    model = build_pair(backbone, decode_head, neck, CONFIGS, 'encoder_decoder').eval()
    counted = get_model_complexity_info(
        model, input_shape=(3, SIDE, SIDE), show_table=False, show_arch=False
    )
    cells = [
        facts.backbone,
        facts.decode_head,
        {None: '', 'own': 'FPN', 'pyramid': 'MultiLevelNeck'}[neck],
        f'`{facts.style_source}`',
        f'{facts.parameters / 1e6:.2f}',
        f'{counted["flops"] / 1e9:.1f}',
        f'{facts.frozen:,}' if facts.frozen else '',
    ]
    return f'| {" | ".join(cells)} |'


def write_table(path: Path) -> None:
    """Check all pairs and put their rows between the markers of a document."""
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
    parser.add_argument('--neck', help="file in configs/_base_/necks, or 'own' of the head")
    parser.add_argument('--bands', type=int, default=3)
    parser.add_argument('--table', type=Path, help='check all pairs, write this document')
    args = parser.parse_args()
    if args.table is None and args.decode_head is None:
        parser.error('name a backbone and a decode head, or --table')
    warnings.filterwarnings('ignore')
    logging.disable(logging.WARNING)
    from glcnet_plugin.apis.pairs import check_pair
    from glcnet_plugin.utils.cli import exit_on_error

    with exit_on_error():
        if args.table is not None:
            write_table(args.table)
            return
        print(check_pair(args.backbone, args.decode_head, args.neck, CONFIGS, args.bands))


if __name__ == '__main__':
    main()
