import numpy as np
from rich.console import Console

from glcnet_plugin.datasets.analysis.check_tables import class_table, issue_lines, split_table
from glcnet_plugin.datasets.analysis.dataset_check import DatasetReport
from glcnet_plugin.datasets.analysis.sample_checks import Issue


def text(table):
    console = Console(width=200)
    with console.capture() as captured:
        console.print(table)
    return captured.get()


def test_classes_are_numbered_where_they_have_no_names():
    report = DatasetReport()
    assert class_table(report, ()) is None
    split = report.splits['train']
    split.class_pixels, split.ignored_pixels = np.array([3, 1, 0]), 4
    assert '75.00' in text(class_table(report, ())) and '50.00' in text(class_table(report, ()))
    assert class_table(report, ()).row_count == 3 and class_table(report, 'abc').row_count == 4


def test_a_split_without_values():
    report = DatasetReport()
    report.splits['val'].files = 2
    report.splits['val'].sizes.update({'1x1': 3, '2x2': 2, '3x3': 1})
    assert '1x1, 2x2 +1' in text(split_table(report)) and ' - ' in text(split_table(report))


def test_issues_are_ordered_and_cut():
    issues = [Issue('warning', 'a', 'x', 'm')] * 3 + [Issue('error', 'b', '[y]', 'n')]
    lines = list(issue_lines(issues, 2))
    assert lines[0] == '[red]error[/] [bold]b[/bold]: 1' and lines[1] == r'  \[y]: n'
    assert lines[-1] == '  ... and 1 more (--json FILE names all)' and len(lines) == 6
