"""Scores of a segmentation as a table and as files."""

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from prettytable import PrettyTable

from glcnet_plugin.evaluation.confusion import PER_CLASS, SUMMARY, Counts, for_json


def scores_table(scores: Mapping[str, Any], classes: Sequence[str]) -> str:
    """Table of classes, and the summary scores below it, as text.

    Args:
        scores: What :func:`confusion_scores` gives.
        classes: Names of the classes.

    Returns:
        The text; scores in per cent.
    """
    table = PrettyTable(['class', *PER_CLASS])
    for index, name in enumerate(classes):
        table.add_row([name, *(f'{100 * scores[key][index]:.2f}' for key in PER_CLASS)])
    summary = '  '.join(f'{name} {100 * scores[name]:.2f}' for name in SUMMARY)
    return f'per class, in %\n{table}\n{summary}'


def write_scores(
    folder: Path, name: str, hist: Counts, scores: Mapping[str, Any], classes: Sequence[str]
) -> None:
    """Write scores as JSON with the matrix, and as CSV; NaN becomes null or an empty cell.

    Args:
        folder: Where to; made where missing.
        name: Of both files, without suffix.
        hist: (n, n) confusion matrix, rows truth, columns prediction.
        scores: Its scores.
        classes: Names of the classes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    content = {
        **{key: for_json(value) for key, value in scores.items()},
        'classes': list(classes),
        'confusion_matrix': hist.tolist(),
    }
    (folder / f'{name}.json').write_text(json.dumps(content, indent=1), encoding='utf-8')
    with (folder / f'{name}.csv').open('w', newline='', encoding='utf-8') as file:
        writer = csv.writer(file)
        writer.writerow(['class', *PER_CLASS, 'pixels'])
        for index, label in enumerate(classes):
            row = [for_json(scores[key][index]) for key in PER_CLASS]
            writer.writerow([label, *row, int(hist[index].sum())])
