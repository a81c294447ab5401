"""Draw the figures of the documents that show the method.

Example:
    python tools/doc_figures.py    # writes docs/images/method.svg and matched_regions.png
"""

import argparse
import random
import sys
import tempfile
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
import torch
from matplotlib.figure import Figure
from mmengine.config import Config
from mmengine.registry import DATASETS, DefaultScope

from glcnet_plugin.models.utils import sample_regions
from glcnet_plugin.visualization import draw_matched_regions

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / 'docs/images'
STYLE = (
    'text{font-family:DejaVu Sans,Verdana,sans-serif;font-size:13px;fill:#1f2933;'
    'text-anchor:middle}.small{font-size:11px;fill:#52606d}.box{stroke:#334e68;stroke-width:1.4}'
    '.data{fill:#e8f1f2}.net{fill:#cfe3e6}.loss{fill:#fde8c8}'
    '.arrow{stroke:#334e68;stroke-width:1.4;fill:none;marker-end:url(#tip)}'
    '.dashed{stroke-dasharray:5 4}'
)
Point = tuple[float, float]


def box(x: float, y: float, width: float, height: float, kind: str, *lines: str) -> str:
    """A box with centred lines; all but the first are small."""
    rows = [f'<rect class="box {kind}" x="{x}" y="{y}" width="{width}" height="{height}" rx="5"/>']
    top = y + height / 2 - (len(lines) - 1) * 8 + 5
    for index, line in enumerate(lines):
        small = ' class="small"' if index else ''
        rows.append(
            f'<text{small} x="{x + width / 2}" y="{top + 16 * index}">{escape(line)}</text>'
        )
    return '\n'.join(rows)


def arrow(*points: Point, dashed: bool = False) -> str:
    """An arrow through points."""
    path = ' L'.join(f'{x} {y}' for x, y in points)
    return f'<path class="arrow{" dashed" if dashed else ""}" d="M{path}"/>'


def method() -> str:
    """The method as SVG: tile, views, network, two losses, and what is kept."""
    parts = [
        box(15, 95, 105, 70, 'data', 'tile', 'no label'),
        box(165, 40, 125, 62, 'data', 'view 1', 'crop'),
        box(165, 158, 125, 62, 'data', 'view 2', 'crop, flip, turn,', 'colour, blur'),
        arrow((120, 115), (142, 115), (142, 71), (163, 71)),
        arrow((120, 145), (142, 145), (142, 189), (163, 189)),
        box(335, 95, 120, 70, 'net', 'backbone', 'any of MM'),
        arrow((290, 71), (312, 71), (312, 115), (333, 115)),
        arrow((290, 189), (312, 189), (312, 145), (333, 145)),
        box(495, 95, 130, 70, 'net', 'decode head', 'any of mmseg'),
        arrow((455, 130), (493, 130)),
        box(680, 30, 185, 72, 'loss', 'global loss', 'style of the encoder map:', 'mean, variance'),
        arrow((560, 95), (560, 66), (678, 66)),
        box(680, 158, 185, 72, 'loss', 'local loss', 'matched regions of', "the decoder's map"),
        arrow((560, 165), (560, 194), (678, 194)),
        '<text class="small" x="618" y="58">encoder map</text>',
        '<text class="small" x="618" y="186">dense map</text>',
        arrow((227, 220), (227, 262), (772, 262), (772, 232), dashed=True),
        '<text class="small" x="655" y="255">matrices: view 1 to view 2</text>',
        box(335, 285, 290, 44, 'net', 'checkpoint: fills mmseg for fine-tuning'),
        arrow((395, 165), (395, 283)),
        arrow((535, 165), (535, 283)),
    ]
    body = '\n'.join(parts)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 880 345" role="img">\n'
        '<title>GLCNet: two views, one network, a global and a local loss</title>\n'
        f'<style>{STYLE}</style>\n'
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="#334e68"/></marker></defs>'
        f'\n<rect width="880" height="345" fill="#ffffff" rx="8"/>\n{body}\n</svg>\n'
    )


def matched_regions(tiles: Path, pairs: int = 4) -> Figure:
    """Pairs of views of generated tiles, with the regions that show the same ground.

    Args:
        tiles: Folder that receives the tiles.
        pairs: Number of pairs.
    """
    sys.path.insert(0, str(ROOT / 'demo'))
    from synthetic.make_scenes import make_scenes

    make_scenes(tiles, scenes=pairs, size=256)
    settings = Config.fromfile(ROOT / 'configs/_base_/datasets/unlabeled_224.py')
    data = settings.train_dataloader.dataset
    data.data_root = str(tiles / 'images')
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        dataset = DATASETS.build(data)
        samples = [dataset[index] for index in range(pairs)]
    views = [[view.movedim(0, -1).numpy() for view in sample['inputs']] for sample in samples]
    matrices = torch.stack([sample['data_samples'].view_matrix for sample in samples])
    boxes, valid = sample_regions(matrices, 224, 4, 48, torch.Generator().manual_seed(0))
    return draw_matched_regions(views, boxes, valid)


def main() -> None:
    """Write the figures."""
    argparse.ArgumentParser(description=__doc__).parse_args()  # refuses what would be ignored
    IMAGES.mkdir(parents=True, exist_ok=True)
    (IMAGES / 'method.svg').write_text(method(), encoding='utf-8')
    with tempfile.TemporaryDirectory() as name:
        matched_regions(Path(name)).savefig(IMAGES / 'matched_regions.png', dpi=80)
    print(f'{IMAGES}/method.svg\n{IMAGES}/matched_regions.png')


if __name__ == '__main__':
    main()
