"""Write the report of a study: an HTML file that opens offline, Markdown, CSV and JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import jinja2

from glcnet_plugin.study.context import StudyContext
from glcnet_plugin.study.protocol import EQUAL
from glcnet_plugin.study.report.answer import answer, main_kind
from glcnet_plugin.study.report.label_free import rank_correlations, read_label_free
from glcnet_plugin.study.report.pictures import draw_pictures, lead_picture
from glcnet_plugin.study.report.records import csv_table, records
from glcnet_plugin.study.report.summary import (
    SCORE_KINDS,
    Row,
    Score,
    read_scores,
    summarise,
)
from glcnet_plugin.study.report.text import (
    EXPLAINED,
    TERMS,
    TITLES,
    answers,
    caveats,
    detectable_text,
    difference_text,
    exceptions_text,
    markdown,
    scopes_text,
)
from glcnet_plugin.study.results import find_problems, read_result

COSTS = ('images', 'epochs', 'steps', 'machine', 'last', 'resumed')


def write_report(context: StudyContext, commands: Sequence[str]) -> Path:
    """Write ``report.html``, ``report.md``, ``results.csv`` and ``results.json``.

    Args:
        context: The study; jobs that are not finished are listed.
        commands: Command lines that made the results.

    Returns:
        The HTML file.
    """
    study, tiles, folder = context.study, context.tiles, context.folder
    scores = read_scores(context)
    rows = summarise(study, scores)
    problems, label_free = find_problems(context), read_label_free(context)
    exceptions = exceptions_text(study, context.exceptions)
    costs = pretraining_costs(context)
    sentence = answer(context, rows, costs)
    content = {
        'study': asdict(study),
        'answer': sentence,
        'held_out': tiles.held_out,
        'train_tiles': len(tiles.train),
        'val_tiles': len(tiles.val),
        'separation': tiles.separation,
        'warnings': tiles.warnings,
        'pretraining': costs,
        'problems': [asdict(problem) for problem in problems],
        'exceptions': exceptions,
        'commands': list(commands),
        'scores': [asdict(score) for score in scores],
        'rows': records(study, rows),
        'label_free': [asdict(one) for one in label_free],
        'rank_correlations': rank_correlations(label_free),
        'made_by': made_by(context),
    }
    (folder / 'results.json').write_text(json.dumps(content) + '\n', encoding='utf-8')
    (folder / 'results.csv').write_text(csv_table(study, rows), encoding='utf-8')
    notes = [
        tiles.separation,
        *exceptions,
        *tiles.warnings,
        *(problem.text for problem in problems),
    ]
    text = '\n'.join([
        f'# {study.title}', '', sentence, '', markdown(study, rows),
        *(f'- {line}' for line in answers(study, rows)), '',
        *(f'- {line}' for line in caveats(study, rows)), '', *(f'- {line}' for line in notes), '',
    ])  # fmt: skip
    (folder / 'report.md').write_text(text, encoding='utf-8')
    path = folder / 'report.html'
    path.write_text(_html(context, content, rows, scores), encoding='utf-8')
    return path


def pretraining_costs(context: StudyContext) -> list[dict[str, Any]]:
    """Images, steps and time of every finished pretraining."""
    costs = []
    for job in context.plan:
        result = read_result(context, job) if job.kind == 'pretrain' else None
        if result is not None:
            kept = {key: result[key] for key in COSTS}
            minutes = round(result['training_seconds'] / 60, 1)
            costs.append({'method': job.method, 'seed': job.seed, 'minutes': minutes, **kept})
    return costs


def made_by(context: StudyContext) -> list[str]:
    """Versions, commits and machines of the jobs, each once."""
    lines = []
    for job in context.plan:
        result = read_result(context, job)
        if result is not None:
            versions = ', '.join(f'{name} {value}' for name, value in result['versions'].items())
            lines.append(f'{versions}; code {result["git_hash"]}; {result["machine"]}')
    return list(dict.fromkeys(lines))


def _html(
    context: StudyContext, content: dict[str, Any], rows: Sequence[Row], scores: Sequence[Score]
) -> str:
    """Render the template."""
    study = context.study
    loader = jinja2.FileSystemLoader(Path(__file__).parent)
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined
    )
    classes = context.classes
    return environment.get_template('report.html.j2').render(
        study=study,
        content=content,
        lead=lead_picture(study, rows, main_kind(study, rows)),
        answers=answers(study, rows),
        caveats=caveats(study, rows),
        scopes=scopes_text(study),
        compared=EQUAL,
        tables=[(k, by_labels(rows, k)) for k in SCORE_KINDS if any(r.kind == k for r in rows)],
        explained=EXPLAINED,
        terms=TERMS,
        difference=difference_text,
        titles=TITLES,
        detectable=detectable_text,
        legend=list(zip(classes['classes'], map(tuple, classes['palette']), strict=True)),
        pictures=list(draw_pictures(context, rows, scores)),
    )  # fmt: skip


def by_labels(rows: Sequence[Row], kind: str) -> dict[int, list[Row]]:
    """Rows of a kind by their number of labelled tiles."""
    found: dict[int, list[Row]] = {}
    for row in rows:
        if row.kind == kind:
            found.setdefault(row.labels, []).append(row)
    return found
