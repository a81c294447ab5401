"""The pictures of the report of a study, in their order."""

import base64
import io
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure

from glcnet_plugin.errors import DataError
from glcnet_plugin.study.context import RESULT, StudyContext
from glcnet_plugin.study.plan import Job, pretrained_as
from glcnet_plugin.study.report import figures
from glcnet_plugin.study.report.summary import SCORE, Row, Score
from glcnet_plugin.study.report.text import TITLES
from glcnet_plugin.study.results import read_result
from glcnet_plugin.study.run.jobs import SHOWN_TILES
from glcnet_plugin.study.settings import Study
from glcnet_plugin.visualization.curves import draw_curves, read_curves


@dataclass(frozen=True)
class Picture:
    """A picture of the report.

    Args:
        heading: Its heading.
        content: The picture, or its file.
        has_legend: Whether the colours of the classes are shown above it.
        dpi: Pixels per inch.
    """

    heading: str
    content: Figure | Path
    has_legend: bool = False
    dpi: int = 100

    @property
    def address(self) -> str:
        """The picture as a data URL."""
        if isinstance(self.content, Path):
            data = self.content.read_bytes()
        else:
            file = io.BytesIO()
            self.content.savefig(file, format='png', dpi=self.dpi)
            data = file.getvalue()
        return f'data:image/png;base64,{base64.b64encode(data).decode()}'


def lead_picture(study: Study, rows: Sequence[Row], kind: str | None) -> Picture | None:
    """The first picture, the scores of one kind; None without any."""
    if kind is None:
        return None
    heading = f'{SCORE} over the number of labelled tiles, {TITLES[kind]}'
    return Picture(heading, figures.answer_picture(study, rows, kind), dpi=200)


def draw_pictures(
    context: StudyContext, rows: Sequence[Row], scores: Sequence[Score]
) -> Iterator[Picture]:
    """Draw the pictures for which there are results."""
    study = context.study
    labels = sorted({s.labels for s in scores if s.kind == 'finetune'})
    ends = list(dict.fromkeys([*labels[:1], *labels[-1:]]))
    if len({row.kind for row in rows}) > 1:  # else it is the first figure of the report
        figure = figures.efficiency_picture(study, rows)
        yield Picture('Scores over the number of labels, all kinds', figure)
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
        with suppress(DataError):  # it ended before its first log line
            yield Picture(heading, draw_curves({job.method: read_curves(folder)}))
    headings = {
        'matched_regions': 'Two views and their matched regions (same number: same ground)',
        'features': 'Features of the dense map: principal components as colours',
    }
    for name, heading in headings.items():
        drawn = folder.glob(f'*/vis_data/vis_image/{name}_*.png')
        if last := max(drawn, key=lambda path: path.stat().st_mtime, default=None):
            yield Picture(heading, last)
