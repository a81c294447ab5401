"""The report: numbers in words, tables and pictures, in one file that opens offline."""

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
from matplotlib.figure import Figure
from rich.table import Table

SCORES = ('OA', 'Kappa', 'mIoU')
TITLES = {'random': 'random weights', 'glcnet': 'GLCNet'}
KINDS = {
    'probe': 'linear probe, deep',
    'probe_all': 'linear probe, all stages',
    'finetune': 'fine-tune',
}


def summarise(cells: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Mean and deviation over the seeds.

    Args:
        cells: One entry per run: 'kind', 'init', 'labels', 'seed' and the scores.

    Returns:
        One row per kind, number of labelled tiles and initialisation.
    """
    rows = []
    keys = sorted({(c['kind'], c['labels'], c['init']) for c in cells}, key=_order)
    for kind, labels, init in keys:
        same = [c for c in cells if (c['kind'], c['labels'], c['init']) == (kind, labels, init)]
        row = {'kind': kind, 'labels': labels, 'init': init, 'seeds': len(same)}
        for score in SCORES:
            values = [cell[score] for cell in same]
            deviation = float(np.std(values, ddof=1)) if len(values) > 1 else float('nan')
            row[score] = (float(np.mean(values)), deviation)
        rows.append(row)
    return rows


def _order(key: tuple[str, int, str]) -> tuple[int, int, int]:
    """Probes first, few labels first, random weights first."""
    kind, labels, init = key
    return list(KINDS).index(kind), labels, list(TITLES).index(init)


def differences(cells: Sequence[dict[str, Any]]) -> list[str]:
    """Say per kind and number of labels what GLCNet gains, seed by seed.

    A difference whose sign is not the same for every seed is called a tie.
    """
    lines = []
    for kind in KINDS:
        for labels in sorted({c['labels'] for c in cells if c['kind'] == kind}):
            kappa = {
                (c['init'], c['seed']): c['Kappa']
                for c in cells
                if (c['kind'], c['labels']) == (kind, labels)
            }
            seeds = sorted({seed for _, seed in kappa})
            gains = np.array([kappa['glcnet', seed] - kappa['random', seed] for seed in seeds])
            verdict = 'a tie: the sign differs between seeds'
            if (gains > 0).all():
                verdict = 'GLCNet is ahead for every seed'
            if (gains < 0).all():
                verdict = 'random weights are ahead for every seed'
            spread = ', '.join(f'{gain:+.3f}' for gain in gains)
            lines.append(
                f'{KINDS[kind]}, {labels} labelled tiles: Kappa {gains.mean():+.3f} with GLCNet '
                f'({spread}); {verdict}.'
            )
    return lines


def text_table(rows: Sequence[dict[str, Any]], title: str) -> Table:
    """The summary as a table for the terminal."""
    table = Table(title=title, title_justify='left')
    for name in ('', 'labelled tiles', 'initialisation', *SCORES):
        table.add_column(name, justify='right' if name in SCORES else 'left')
    last = None
    for row in rows:
        if last not in (None, (row['kind'], row['labels'])):
            table.add_section()
        last = row['kind'], row['labels']
        table.add_row(
            KINDS[row['kind']], str(row['labels']), TITLES[row['init']],
            *('{:.3f} ± {:.3f}'.format(*row[score]) for score in SCORES),
        )  # fmt: skip
    return table


def write_report(path: Path, pictures: dict[str, Figure], **content: Any) -> None:
    """Save the pictures and fill the template with them.

    Args:
        path: File to write; the pictures are saved beside it, in ``pictures``, too.
        pictures: The 'curves', the 'regions' and the 'mosaic'.
        content: What else the template names.
    """
    folder = path.parent / 'pictures'
    folder.mkdir(exist_ok=True)
    encoded = {}
    for name, figure in pictures.items():
        figure.savefig(folder / f'{name}.png', dpi=110)
        encoded[name] = base64.b64encode((folder / f'{name}.png').read_bytes()).decode()
    loader = jinja2.FileSystemLoader(Path(__file__).parent)
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined
    )
    template = environment.get_template('report.html.j2')
    text = template.render(scores=SCORES, titles=TITLES, kinds=KINDS, pictures=encoded, **content)
    path.write_text(text, encoding='utf-8')
