"""Tables and lines of a dataset check, for the terminal."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from rich.markup import escape
from rich.table import Column, Table

from glcnet_plugin.datasets.analysis.dataset_check import DatasetReport
from glcnet_plugin.datasets.analysis.sample_checks import Issue

COLOURS = {'error': 'red', 'warning': 'yellow', 'note': 'cyan'}


def split_table(report: DatasetReport) -> Table:
    """Sizes, bands, types and values of the files of each split."""
    names = ('split', 'files', 'sizes', 'bands', 'type', 'values', 'mean', 'std', 'nodata')
    table = Table(*(Column(name, overflow='fold') for name in names))
    for name, split in report.splits.items():
        sizes = ', '.join(size for size, _ in split.sizes.most_common(2))
        more = f' +{len(split.sizes) - 2}' if len(split.sizes) > 2 else ''
        mean, std = (
            '' if v is None else ' '.join(f'{x:.4g}' for x in v) for v in (split.mean, split.std)
        )
        values = f'{split.minimum:g}..{split.maximum:g}' if mean else '-'
        table.add_row(
            name, str(split.files), sizes + more, ' '.join(map(str, split.bands)),
            ' '.join(split.dtypes), values, mean, std,
            f'{split.nodata_share:.1%}',
        )  # fmt: skip
    return table


def class_table(report: DatasetReport, classes: Sequence[str]) -> Table | None:
    """Share of each class in the pixels of each split; None where there are no masks.

    Args:
        report: The report.
        classes: Names of the classes; empty to number those that occur.
    """
    pixels = {n: s.class_pixels for n, s in report.splits.items() if s.class_pixels is not None}
    if not pixels:
        return None
    used = max(int(counts.nonzero()[0].max(initial=-1)) + 1 for counts in pixels.values())
    table = Table('class', *(f'{name}, % of pixels' for name in pixels))
    for index, name in enumerate(classes or map(str, range(used))):
        shares = [100 * counts[index] / max(1, counts.sum()) for counts in pixels.values()]
        table.add_row(f'{index} {name}', *(f'{share:.2f}' for share in shares))
    ignored = {name: report.splits[name].ignored_pixels for name in pixels}
    shares = [100 * ignored[n] / max(1, ignored[n] + c.sum()) for n, c in pixels.items()]
    table.add_row('ignored, % of all', *(f'{share:.2f}' for share in shares), style='dim')
    return table


def issue_lines(issues: Sequence[Issue], most: int) -> Iterator[str]:
    """Issues by kind, errors first, as lines with rich's markup.

    Args:
        issues: The issues.
        most: Number of files to name per kind.

    Yields:
        The lines.
    """
    kinds, order = defaultdict(list), list(COLOURS)
    for issue in issues:
        kinds[issue.level, issue.code].append(issue)
    for (level, code), same in sorted(
        kinds.items(), key=lambda kind: (order.index(kind[0][0]), -len(kind[1]))
    ):
        yield f'[{COLOURS[level]}]{level}[/] [bold]{code}[/bold]: {len(same)}'
        yield from (escape(f'  {issue.file}: {issue.message}') for issue in same[:most])
        if len(same) > most:
            yield f'  ... and {len(same) - most} more (--json FILE names all)'
