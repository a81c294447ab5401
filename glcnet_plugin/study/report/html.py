"""Write the report of a study: an HTML file that opens offline, Markdown, CSV and JSON."""

import base64
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import jinja2
from matplotlib.figure import Figure

from glcnet_plugin.study.context import RESULT, StudyContext
from glcnet_plugin.study.plan import Job, pretrained_as
from glcnet_plugin.study.protocol import EQUAL
from glcnet_plugin.study.report import figures
from glcnet_plugin.study.report.label_free import rank_correlations, read_label_free
from glcnet_plugin.study.report.records import csv_table, records
from glcnet_plugin.study.report.summary import SCORE_KINDS, Row, Score, read_scores, summarise
from glcnet_plugin.study.report.text import (
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
from glcnet_plugin.study.run.jobs import SHOWN_TILES
from glcnet_plugin.study.settings import Study
from glcnet_plugin.visualization.curves import draw_curves, read_curves

COSTS = ('images', 'epochs', 'steps', 'machine', 'last', 'resumed')


@dataclass(frozen=True)
class Picture:
    """A picture of the report.

    Args:
        heading: Its heading.
        content: The picture, or its file.
        has_legend: Whether the colours of the classes are shown above it.
    """

    heading: str
    content: Figure | Path
    has_legend: bool = False

    @property
    def address(self) -> str:
        """The picture as a data URL."""
        if isinstance(self.content, Path):
            data = self.content.read_bytes()
        else:
            file = io.BytesIO()
            self.content.savefig(file, format='png', dpi=100)
            data = file.getvalue()
        return f'data:image/png;base64,{base64.b64encode(data).decode()}'


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
    content = {
        'study': asdict(study),
        'held_out': tiles.held_out,
        'train_tiles': len(tiles.train),
        'val_tiles': len(tiles.val),
        'separation': tiles.separation,
        'warnings': tiles.warnings,
        'pretraining': pretraining_costs(context),
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
        f'# {study.title}', '', *(f'- {line}' for line in answers(study, rows)), '',
        markdown(study, rows), *(f'- {line}' for line in caveats(study, rows)), '',
        *(f'- {line}' for line in notes), '',
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
        answers=answers(study, rows),
        caveats=caveats(study, rows),
        scopes=scopes_text(study),
        compared=EQUAL,
        tables=[(TITLES[k], [r for r in rows if r.kind == k]) for k in SCORE_KINDS
                if any(r.kind == k for r in rows)],
        difference=difference_text,
        titles=TITLES,
        detectable=detectable_text,
        legend=list(zip(classes['classes'], map(tuple, classes['palette']), strict=True)),
        pictures=list(draw_pictures(context, rows, scores)),
    )  # fmt: skip


def draw_pictures(
    context: StudyContext, rows: Sequence[Row], scores: Sequence[Score]
) -> Iterator[Picture]:
    """Draw the pictures for which there are results."""
    study = context.study
    labels = sorted({s.labels for s in scores if s.kind == 'finetune'})
    ends = list(dict.fromkeys([*labels[:1], *labels[-1:]]))
    if rows:
        figure = figures.efficiency_picture(study, rows)
        yield Picture('Scores over the number of labels', figure)
    for count in ends:
        figure = figures.class_picture(context, scores, count)
        yield Picture(f'Classes, {count} labelled tiles', figure)
        heading = f'Confusion, {count} labelled tiles (rows: truth, % of its pixels)'
        yield Picture(heading, figures.confusion_picture(context, scores, count))
    for count in ends:
        yield from _predictions(context, count)
    yield from _pretraining_pictures(context)


def _predictions(context: StudyContext, labels: int) -> Iterator[Picture]:
    """Held-out tiles with the predictions of each method, as saved by the first seed."""
    seed, names = context.study.seeds[0], context.tiles.val[:SHOWN_TILES]
    folders = {}
    for name in context.study.methods:
        folder = context.folder_of(Job('finetune', name, seed, labels))
        images = [folder / f'predictions/{tile}.png' for tile in names]
        if (folder / RESULT).is_file() and all(image.is_file() for image in images):
            folders[name] = folder / 'predictions'
    if folders:
        figure = figures.mosaic_picture(context, names, folders)
        heading = f'Held-out tiles, {labels} labelled tiles, seed {seed}'
        yield Picture(heading, figure, has_legend=True)


def shown_pretraining(study: Study) -> Job:
    """The pretraining of the proposed method whose curves and pictures are shown."""
    method = pretrained_as(study, study.methods[study.proposed])
    return Job('pretrain', method, study.pretrain_seeds[0])


def _pretraining_pictures(context: StudyContext) -> Iterator[Picture]:
    """Curves of the proposed method's pretraining, and the last pictures that it drew."""
    job = shown_pretraining(context.study)
    folder = context.folder_of(job)
    if job in context.plan and read_result(context, job) is not None:
        title = context.study.methods[job.method].title
        heading = f'Pretraining of {title}: losses, chance levels, embedding metrics'
        yield Picture(heading, draw_curves({job.method: read_curves(folder)}))
    headings = {
        'matched_regions': 'Two views and their matched regions (same number: same ground)',
        'features': 'Features of the dense map: principal components as colours',
    }
    for name, heading in headings.items():
        drawn = folder.glob(f'*/vis_data/vis_image/{name}_*.png')
        if last := max(drawn, key=lambda path: path.stat().st_mtime, default=None):
            yield Picture(heading, last)
