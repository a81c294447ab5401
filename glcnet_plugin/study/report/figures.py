"""Figures of the report of a study."""

from collections.abc import Container, Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from glcnet_plugin.datasets.io.folder_format import image_files
from glcnet_plugin.datasets.io.images import read_image
from glcnet_plugin.study.context import StudyContext
from glcnet_plugin.study.report.summary import SCORE, SCORE_KINDS, Row, Score, curve
from glcnet_plugin.study.report.text import TITLES
from glcnet_plugin.study.settings import Study
from glcnet_plugin.study.tiles import read_labels
from glcnet_plugin.visualization import to_rgb

IGNORED_COLOUR = 40
# Okabe and Ito, Color Universal Design, 2008: told apart with any colour vision; without the yellow
COLOURS = ('#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9', '#000000')
MARKERS = 'os^Dv<>pP*Xhd'


def method_colours(study: Study) -> dict[str, str]:
    """A colour per method; random weights are grey."""
    palette = cycle(COLOURS)
    return {
        name: next(palette) if method.trained else '#888888'
        for name, method in study.methods.items()
    }


def efficiency_picture(study: Study, rows: Sequence[Row]) -> Figure:
    """Scores over the number of labelled tiles, with bands of one standard deviation.

    Args:
        study: The study.
        rows: See :func:`summarise`.

    Returns:
        A panel per kind.
    """
    kinds = [kind for kind in SCORE_KINDS if any(row.kind == kind for row in rows)]
    lines = (len(kinds) + 1) // 2
    figure = Figure(figsize=(10, 3.9 * lines), layout='constrained')
    axes = figure.subplots(lines, 2, squeeze=False, sharey=True).ravel()
    for axis, kind in zip(axes, kinds, strict=False):
        draw_scores(axis, study, rows, kind, study.methods)
        axis.set_title(TITLES[kind], fontsize=10)
    for axis in axes[len(kinds) :]:
        axis.set_axis_off()
    handles, titles = axes[0].get_legend_handles_labels()
    figure.legend(handles, titles, loc='outside upper center', ncols=min(4, len(titles)))
    return figure


def answer_picture(study: Study, rows: Sequence[Row], kind: str) -> Figure:
    """Scores of one kind over the number of labelled tiles, small enough for a phone.

    Only the proposed method and its start have bands.

    Args:
        study: The study.
        rows: See :func:`summarise`.
        kind: Fine-tuning or a probe.

    Returns:
        The figure.
    """
    figure = Figure(figsize=(5.4, 4), layout='constrained')
    axis = figure.subplots()
    banded = (study.proposed, study.start_of(study.methods[study.proposed]))
    draw_scores(axis, study, rows, kind, banded)
    figure.legend(loc='outside lower center', ncols=2, fontsize=9, frameon=False)
    return figure


def draw_scores(
    axis: Axes, study: Study, rows: Sequence[Row], kind: str, banded: Container[str | None]
) -> None:
    """Draw a curve for every method, in a colour and with a marker of its own.

    Args:
        axis: Where to draw.
        study: The study.
        rows: See :func:`summarise`.
        kind: Fine-tuning or a probe.
        banded: Methods that get a band of one standard deviation.
    """
    colours = method_colours(study)
    for (name, method), marker in zip(study.methods.items(), cycle(MARKERS), strict=False):
        if not (own := curve(rows, kind, name)):
            continue
        labels, means = [row.labels for row in own], np.array([row.mean() for row in own])
        bands = np.array([row.deviation() or 0.0 for row in own])
        wide = name == study.proposed
        axis.plot(labels, means, marker=marker, markersize=7 if wide else 5, color=colours[name],
                  label=method.title, linewidth=2.8 if wide else 1.3)  # fmt: skip
        if name in banded:
            axis.fill_between(labels, means - bands, means + bands, color=colours[name], alpha=0.15)
    axis.set_xscale('log')
    counts = sorted({row.labels for row in rows if row.kind == kind})
    axis.set_xticks(counts, [str(count) for count in counts])
    axis.minorticks_off()
    axis.set(xlabel='labelled tiles', ylabel=SCORE)
    axis.grid(alpha=0.3)


def class_picture(context: StudyContext, scores: Sequence[Score], labels: int) -> Figure:
    """IoU per class of the fine-tuned networks: mean and standard deviation over the seeds.

    Args:
        context: The context.study.
        scores: See :func:`read_scores`.
        labels: Number of labelled tiles.

    Returns:
        The bars; a class without pixels has none.
    """
    classes = context.classes['classes']
    by_method = {}
    for name in context.study.methods:
        if own := tuned(scores, name, labels):
            by_method[name] = _ious(own)
    figure = Figure(figsize=(10, 3.4), layout='constrained')
    axis = figure.subplots()
    colours, width = method_colours(context.study), 0.85 / max(1, len(by_method))
    for number, (name, (means, deviations)) in enumerate(by_method.items()):
        places = np.arange(len(classes)) + (number - (len(by_method) - 1) / 2) * width
        axis.bar(places, np.nan_to_num(means), width, yerr=deviations, color=colours[name],
                 label=context.study.methods[name].title, error_kw={'linewidth': 0.8})  # fmt: skip
    axis.set_xticks(range(len(classes)), classes)
    axis.set(ylabel='IoU', ylim=(0, None), title=f'fine-tuned with {labels} labelled tiles')
    figure.legend(loc='outside upper center', ncols=4)
    return figure


def tuned(scores: Sequence[Score], method: str, labels: int) -> list[Score]:
    """Scores of the fine-tuned networks of a method."""
    key = ('finetune', method, labels)
    return [score for score in scores if (score.kind, score.method, score.labels) == key]


def _ious(scores: Sequence[Score]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Mean and deviation of the IoU of each class over the seeds."""
    values = np.array([score.scores['IoU'] for score in scores], np.float64)  # None becomes NaN
    return values.mean(axis=0), values.std(axis=0, ddof=1 if len(values) > 1 else 0)


def confusion_picture(context: StudyContext, scores: Sequence[Score], labels: int) -> Figure:
    """Confusion matrices of the fine-tuned networks, summed over the seeds.

    Args:
        context: The context.study.
        scores: See :func:`read_scores`.
        labels: Number of labelled tiles.

    Returns:
        A matrix per method: rows are true classes, in percent of their pixels.
    """
    classes = context.classes['classes']
    sums = {}
    for name in context.study.methods:
        if own := tuned(scores, name, labels):
            sums[name] = np.sum([score.hist for score in own], axis=0)
    columns = min(5, len(sums))
    lines = -(-len(sums) // columns)
    side = 1.0 + 0.38 * len(classes)
    figure = Figure(figsize=(side * columns + 0.8, side * lines + 0.5), layout='constrained')
    axes = figure.subplots(lines, columns, squeeze=False).ravel()
    for axis, (name, hist) in zip(axes, sums.items(), strict=False):
        share = hist / np.maximum(hist.sum(axis=1, keepdims=True), 1)
        axis.imshow(share, cmap='Blues', vmin=0, vmax=1)
        for (y, x), value in np.ndenumerate(share):
            axis.text(x, y, f'{100 * value:.0f}', ha='center', va='center', fontsize=7,
                      color='white' if value > 0.6 else 'black')  # fmt: skip
        axis.set_title(context.study.methods[name].title, fontsize=9)
        axis.set_xticks(range(len(classes)), classes, rotation=60, fontsize=7)
        axis.set_yticks(range(len(classes)), classes, fontsize=7)
    for axis in axes[len(sums) :]:
        axis.set_axis_off()
    return figure


def mosaic_picture(context: StudyContext, names: Sequence[str], rows: Mapping[str, Path]) -> Figure:
    """Image, truth and predictions of some held-out tiles.

    Args:
        context: The context.study.
        names: Names of the tiles; one column each.
        rows: Folder of saved predictions, by name of the method.

    Returns:
        The picture.
    """
    palette = context.classes['palette']
    colours = np.full((256, 3), IGNORED_COLOUR, np.uint8)
    colours[: len(palette)] = palette
    images = image_files(Path(context.study.data.root, 'images'))
    shown: dict[str, list[NDArray[Any]]] = {'image': [], 'truth': []}
    for name in names:
        shown['image'].append(to_rgb(read_image(str(images[name]))))
        shown['truth'].append(colours[read_labels(context.study.data.root, name)])
    for method, folder in rows.items():
        title = context.study.methods[method].title
        shown[title] = [colours[np.asarray(Image.open(folder / f'{n}.png'))] for n in names]
    figure = Figure(figsize=(1.6 * len(names) + 0.4, 1.6 * len(shown)), layout='constrained')
    axes = figure.subplots(len(shown), len(names), squeeze=False)
    for row, (title, pictures) in enumerate(shown.items()):
        for column, picture in enumerate(pictures):
            axes[row, column].imshow(picture)
            axes[row, column].set(xticks=[], yticks=[])
        axes[row, 0].set_ylabel(title, fontsize=9)
    return figure
