"""The report of a study: one HTML file that opens offline, Markdown, CSV, JSON."""

import base64
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import jinja2
from matplotlib.figure import Figure

from glcnet_plugin.datasets.io.folder_format import read_classes
from glcnet_plugin.study.plan import Cell, pretrained_as, unavailable
from glcnet_plugin.study.report import figures
from glcnet_plugin.study.report.summary import KINDS, Row, Score, read_scores, summarise
from glcnet_plugin.study.report.text import (
    TITLES,
    answers,
    caveats,
    csv_table,
    difference_text,
    exceptions_text,
    markdown,
    scopes_text,
)
from glcnet_plugin.study.results import read_failure, read_result
from glcnet_plugin.study.run.jobs import MOSAIC, RESULT
from glcnet_plugin.study.settings import Study, as_dict
from glcnet_plugin.study.tiles import Tiles
from glcnet_plugin.visualization.curves import draw_curves, read_curves

COSTS = ('images', 'epochs', 'steps', 'machine', 'last', 'resumed')


@dataclass(frozen=True)
class Material:
    """What a report is made of."""

    study: Study
    tiles: Tiles
    folder: Path
    plan: Sequence[Cell]
    exceptions: Mapping[str, Mapping[str, str]]
    commands: Sequence[str]


def write_report(material: Material) -> Path:
    """Write ``report.html``, ``report.md``, ``results.csv`` and ``results.json``.

    Args:
        material: The study and its folder. Cells that are not finished are left out, and named.

    Returns:
        The HTML file.
    """
    study, folder = material.study, material.folder
    scores = read_scores(folder, material.plan)
    rows = summarise(study, scores)
    costs = pretraining_costs(material)
    problems = list_problems(material)
    exceptions = exceptions_text(study, material.exceptions)
    content = {
        'study': as_dict(study),
        'held_out': material.tiles.held_out,
        'train_tiles': len(material.tiles.train),
        'val_tiles': len(material.tiles.val),
        'warnings': material.tiles.warnings,
        'pretraining': costs,
        'problems': problems,
        'exceptions': exceptions,
        'commands': list(material.commands),
        'scores': [asdict(score) for score in scores],
        'made_by': made_by(material),
    }
    (folder / 'results.json').write_text(json.dumps(content) + '\n', encoding='utf-8')
    (folder / 'results.csv').write_text(csv_table(study, rows), encoding='utf-8')
    text = '\n'.join([
        f'# {study.title}', '', *(f'- {line}' for line in answers(study, rows)), '',
        markdown(study, rows), *(f'- {line}' for line in caveats(study, rows)), '',
        *(f'- {line}' for line in [*exceptions, *material.tiles.warnings, *problems]), '',
    ])  # fmt: skip
    (folder / 'report.md').write_text(text, encoding='utf-8')
    path = folder / 'report.html'
    path.write_text(_html(material, content, rows, scores), encoding='utf-8')
    return path


def pretraining_costs(material: Material) -> list[dict[str, Any]]:
    """Images, steps and time of every pretraining that is finished."""
    found = []
    for cell in material.plan:
        result = read_result(material.folder, cell) if cell.kind == 'pretrain' else None
        if result is not None:
            kept = {key: result[key] for key in COSTS}
            minutes = round(result['training_seconds'] / 60, 1)
            found.append({'method': cell.method, 'seed': cell.seed, 'minutes': minutes, **kept})
    return found


def made_by(material: Material) -> list[str]:
    """Versions, commits and machines of the cells, each once."""
    found = []
    for cell in material.plan:
        result = read_result(material.folder, cell)
        if result is not None:
            versions = ', '.join(f'{name} {value}' for name, value in result['versions'].items())
            found.append(f'{versions}; code {result["git_hash"]}; {result["machine"]}')
    return list(dict.fromkeys(found))


def list_problems(material: Material) -> list[str]:
    """Methods that could not be run, cells that failed, cells that are not finished."""
    found = [
        f'{method.title} was left out: {reason}'
        for method in material.study.methods.values()
        if (reason := unavailable(method)) is not None
    ]
    waiting = 0
    for cell in material.plan:
        if read_result(material.folder, cell) is None:
            failure = read_failure(material.folder, cell)
            waiting += failure is None
            if failure is not None:
                found.append(f'{cell.name} failed: {failure}')
    if waiting:
        found.append(f'{waiting} of {len(material.plan)} cells are not finished yet')
    return found


def _html(
    material: Material, content: dict[str, Any], rows: Sequence[Row], scores: Sequence[Score]
) -> str:
    """Fill the template."""
    study = material.study
    loader = jinja2.FileSystemLoader(Path(__file__).parent)
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined
    )
    classes = read_classes(study.data.root)
    return environment.get_template('report.html.j2').render(
        study=study,
        content=content,
        answers=answers(study, rows),
        caveats=caveats(study, rows),
        scopes=scopes_text(study),
        tables=[(TITLES[k], [r for r in rows if r.kind == k]) for k in KINDS
                if any(r.kind == k for r in rows)],
        difference=difference_text,
        legend=list(zip(classes['classes'], map(tuple, classes['palette']), strict=True)),
        pictures={name: encode(f) for name, f in draw_pictures(material, rows, scores).items()},
    )  # fmt: skip


def draw_pictures(
    material: Material, rows: Sequence[Row], scores: Sequence[Score]
) -> dict[str, Figure | Path]:
    """Pictures by heading; those without anything to show are left out."""
    study, folder = material.study, material.folder
    tuned = sorted({s.labels for s in scores if s.kind == 'finetune'})
    found: dict[str, Figure | Path] = {}
    if rows:
        found['Scores over the number of labels'] = figures.efficiency_picture(study, rows)
    for labels in dict.fromkeys([*tuned[:1], *tuned[-1:]]):
        found[f'Classes, {labels} labelled tiles'] = figures.class_picture(study, scores, labels)
        found[f'Confusion, {labels} labelled tiles (rows: truth, % of its pixels)'] = (
            figures.confusion_picture(study, scores, labels)
        )
    for labels in dict.fromkeys([*tuned[:1], *tuned[-1:]]):
        places = {
            name: folder / f'finetune/{name}/{labels}tiles/seed{study.seeds[0]}/predictions'
            for name in study.methods
        }
        names = material.tiles.val[:MOSAIC]
        there = {
            name: place
            for name, place in places.items()
            if (place.parent / RESULT).is_file()
            and all((place / f'{tile}.png').is_file() for tile in names)
        }
        if there:
            found[f'Held-out tiles, {labels} labelled tiles, seed {study.seeds[0]}'] = (
                figures.mosaic_picture(study, names, there)
            )
    shown = pretraining_shown(study)
    logged = {
        cell.method: read_curves(folder / cell.name)
        for cell in material.plan
        if cell.name == shown.name and read_result(folder, cell) is not None
    }
    if logged:
        title = study.methods[shown.method].title
        found[f'Pretraining of {title}: losses, chance levels, health'] = draw_curves(logged)
    return found | drawn_while_pretraining(material)


def pretraining_shown(study: Study) -> Cell:
    """The pretraining of the reference whose curves and pictures are shown."""
    method = pretrained_as(study, study.methods[study.reference])
    return Cell('pretrain', method, study.pretrain_seeds[0])


def drawn_while_pretraining(material: Material) -> dict[str, Path]:
    """The last pictures that the pretraining of the reference drew of itself."""
    place = material.folder / pretraining_shown(material.study).name
    headings = {
        'matched_regions': 'Two views and their matched regions (one number: the same ground)',
        'features': 'Features of the dense map: principal components as colours',
    }
    found = {}
    for name, heading in headings.items():
        drawn = place.glob(f'*/vis_data/vis_image/{name}_*.png')
        if last := max(drawn, key=lambda path: path.stat().st_mtime, default=None):
            found[heading] = last
    return found


def encode(picture: Figure | Path) -> str:
    """A picture as the address that HTML holds it by."""
    if isinstance(picture, Path):
        content = picture.read_bytes()
    else:
        file = io.BytesIO()
        picture.savefig(file, format='png', dpi=100)
        content = file.getvalue()
    return f'data:image/png;base64,{base64.b64encode(content).decode()}'
