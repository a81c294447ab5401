"""Draw the figures of docs/performance.md from the results beside this script.

Example:
    python benchmarks/plot.py    # writes docs/images/performance.svg
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from measure import RESULTS, no_options

IMAGES = Path(__file__).resolve().parents[1] / 'docs/images'
# Okabe and Ito, Color Universal Design, 2008
OURS, OTHERS = '#0072B2', '#E69F00'
STEPS = {
    'bare network': 'bare bf16 channels_last',
    'GLCNet': 'glcnet bf16 channels_last',
    'GLCNet, contiguous': 'glcnet bf16',
    'SimCLR, contiguous': 'simclr bf16',
    'DenseCL, contiguous': 'densecl bf16',
}


def read(name: str) -> dict[str, Any]:
    """Results of a script."""
    content: dict[str, Any] = json.loads((RESULTS / f'{name}.json').read_text())
    return content


def bars(axis: Axes, values: Mapping[str, float], unit: str, colours: Sequence[str]) -> None:
    """Horizontal bars from top to bottom, each with its value.

    Args:
        axis: Where to draw.
        values: Value of each name.
        unit: Label of the axis.
        colours: A colour per bar.
    """
    drawn = axis.barh(list(values), list(values.values()), color=colours, height=0.7)
    labels = [f'{value:.3g}' if value < 100 else f'{value:.0f}' for value in values.values()]
    axis.bar_label(drawn, labels, padding=3, fontsize=8)
    axis.invert_yaxis()
    axis.margins(x=0.15)
    axis.set_xlabel(unit, fontsize=9)
    axis.tick_params(labelsize=8)
    axis.spines[['top', 'right']].set_visible(False)


def views(axis: Axes) -> None:
    """Time of a pair of views, beside mmpretrain's transforms where these do the same."""
    rows = read('views')
    values, colours = {}, []
    for recipe in ('unlabeled_224', 'unlabeled_96'):
        times = rows[f'{recipe}, 3 bands uint8']['ms_per_pair']
        for name, key, colour in (('ours', 'ours', OURS), ('mmpretrain', 'stock', OTHERS)):
            values[f'{recipe.removeprefix("unlabeled_")} px, {name}'] = times[key]['mean']
            colours.append(colour)
    bars(axis, values, 'ms per pair of views, 3 bands', colours)
    axis.set_title('Views, one core', fontsize=10)


def cpu_steps(axis: Axes) -> None:
    """Step over that of the bare network, on a CPU."""
    names = {'bare': 'bare network', 'glcnet': 'GLCNet', 'simclr': 'SimCLR'}
    row = read('training_step')['lite0']
    values = {title: row[key]['of_first'] for key, title in names.items()}
    bars(axis, values, 'step over that of the bare network', [OTHERS, OURS, OTHERS])
    axis.set_title('EfficientNet-Lite0, 96 px, one core', fontsize=10)


def gpu_steps(axis: Axes) -> None:
    """Time of a step on the GPU that was measured."""
    suite = read('gpu_suite')
    values = {title: suite['methods'][key]['ms'] for title, key in STEPS.items()}
    colours = [OURS if 'GLCNet' in title else OTHERS for title in values]
    bars(axis, values, 'ms per step of 64 pairs, bf16', colours)
    axis.set_title(f'ResNet-50, 224 px, {suite["device"]}', fontsize=10)


def loading(axis: Axes) -> None:
    """Pairs of views per second, from file to batch, of one core."""
    speeds = read('loader')['pairs_per_second_of_a_core']
    values = dict(sorted(speeds.items(), key=lambda item: item[1]))
    bars(axis, values, 'pairs per second', [OURS] * len(values))
    axis.set_title('Loader, 224 px, one core', fontsize=10)


def draw() -> Figure:
    """All panels."""
    figure = Figure(figsize=(10, 5), layout='constrained')
    panels = (views, cpu_steps, gpu_steps, loading)
    for axis, panel in zip(figure.subplots(2, 2).ravel(), panels, strict=True):
        panel(axis)
    return figure


def main() -> None:
    """Write the picture."""
    no_options(__doc__)
    path = IMAGES / 'performance.svg'
    with matplotlib.rc_context({'svg.hashsalt': 'glcnet', 'svg.fonttype': 'none'}):
        draw().savefig(path, metadata={'Date': None})
    print(path)


if __name__ == '__main__':
    main()
