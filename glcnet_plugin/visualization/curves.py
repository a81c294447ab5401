"""Draw what runs logged as curves."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from glcnet_plugin.errors import DataError

Curves = dict[str, tuple[list[int], list[float]]]
# title of a panel -> pattern of the keys it shows; one that a run lacks is left out
PANELS = {
    'loss': r'loss_(?!scale$).+|chance_.+',
    'std of embeddings: 1 is even, 0 a collapse': r'emb_(style|local)_std',
    'effective rank': r'emb_(style|local)_effective_rank',
    'similarity: style branch': r'emb_style_(positive|hardest_negative)',
    'similarity: local branch': r'emb_local_(positive|hardest_negative)',
    'probe of frozen features': r'probe_.+',
    'scale of the loss under AMP': r'loss_scale',
}
COLOURS = ('tab:blue', 'tab:red', 'tab:green', 'tab:orange', 'tab:purple', 'tab:brown')
DASHES = ('-', '--', ':', '-.')


def read_curves(folder: str | Path) -> Curves:
    """Read the log of a training; of a resumed one, of all its parts.

    Args:
        folder: Its work dir.

    Returns:
        Iterations and values by key; of values logged twice for an iteration, the last.

    Raises:
        DataError: If there is no log.
    """
    values: dict[str, dict[int, float]] = {}
    for log in sorted(Path(folder).glob('*/vis_data/scalars.json')):
        for line in log.read_text(encoding='utf-8').splitlines():
            row = json.loads(line)
            for key, value in row.items():
                if 'step' in row and isinstance(value, int | float):
                    values.setdefault(key, {})[row['step']] = value
    if not values:
        raise DataError(f'{folder} holds no */vis_data/scalars.json: give the work dir of a run')
    return {key: (sorted(by), [by[step] for step in sorted(by)]) for key, by in values.items()}


def draw_curves(runs: Mapping[str, Curves]) -> Figure:
    """Draw losses, embedding metrics and probes of runs, a panel each.

    Args:
        runs: Curves by name of the run; a colour each.

    Returns:
        The figure. In a panel, each key has its line style.

    Raises:
        DataError: If no run logged any of these.
    """
    shown = {}
    for title, pattern in PANELS.items():
        logged = {key for curves in runs.values() for key in curves}
        if keys := sorted(key for key in logged if re.fullmatch(pattern, key)):
            shown[title] = keys
    if not shown:
        raise DataError(f'{", ".join(runs)}: no losses, embedding metrics or probe in the logs')
    rows = (len(shown) + 1) // 2
    figure = Figure(figsize=(10, 2.6 * rows), layout='constrained')
    axes = figure.subplots(rows, 2, squeeze=False).ravel()
    for axis, (title, keys) in zip(axes, shown.items(), strict=False):
        for colour, curves in zip(COLOURS, runs.values(), strict=False):
            for number, key in enumerate(keys):
                if key in curves:
                    axis.plot(*curves[key], DASHES[number % 4], color=colour, linewidth=1.4)
        lines = [Line2D([], [], color='grey', linestyle=dash) for dash in DASHES]
        axis.legend(lines[: len(keys)], keys, fontsize=7, loc='best')
        axis.set_title(title, fontsize=9)
        axis.set_xlabel('iteration', fontsize=8)
        axis.tick_params(labelsize=8)
        axis.grid(alpha=0.3)
    for axis in axes[len(shown) :]:
        axis.set_axis_off()
    names = [Line2D([], [], color=c, label=n) for c, n in zip(COLOURS, runs, strict=False)]
    figure.legend(handles=names, loc='outside upper center', ncols=len(names))
    return figure
