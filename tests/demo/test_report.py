import re

import pytest
from matplotlib.figure import Figure
from report import differences, summarise, text_table, write_report
from rich.console import Console


def cells(gains):
    result = []
    for seed, gain in enumerate(gains):
        for init in ('glcnet', 'random'):
            score = 0.5 + (gain if init == 'glcnet' else 0.0)
            scores = {'OA': score, 'Kappa': score, 'mIoU': score}
            result.append({'kind': 'probe', 'init': init, 'labels': 16, 'seed': seed, **scores})
    return result


def test_mean_and_sample_deviation():
    random, glcnet = summarise(cells([0.1, 0.2, 0.3]))
    assert random['init'] == 'random' and random['Kappa'] == (0.5, 0.0)
    assert glcnet['Kappa'] == (pytest.approx(0.7), pytest.approx(0.1)) and glcnet['seeds'] == 3


def test_order_of_rows():
    data = cells([0.1])
    data += [dict(c, labels=160) for c in data] + [dict(c, kind='finetune') for c in data]
    order = [(r['kind'], r['labels'], r['init']) for r in summarise(data)]
    assert order == [
        ('probe', 16, 'random'), ('probe', 16, 'glcnet'), ('probe', 160, 'random'),
        ('probe', 160, 'glcnet'), ('finetune', 16, 'random'), ('finetune', 16, 'glcnet'),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ('gains', 'verdict'),
    [
        ([0.1, 0.2], 'GLCNet is ahead for every seed'),
        ([-0.1, -0.2], 'random weights are ahead for every seed'),
        ([0.1, -0.2], 'a tie'),
        ([0.0, 0.2], 'a tie'),
    ],
)
def test_words_follow_the_signs(gains, verdict):
    (line,) = differences(cells(gains))
    assert verdict in line and '16 labelled tiles' in line and f'{gains[0]:+.3f}' in line


def test_table_on_the_terminal():
    console = Console(width=120, record=True, file=None, quiet=False)
    with console.capture() as captured:
        console.print(text_table(summarise(cells([0.1, 0.3])), 'title'))
    assert '0.700 ± 0.141' in captured.get() and 'random weights' in captured.get()


def test_report_is_one_file_without_outside_references(tmp_path):
    facts = {
        'data': '<scenes>', 'train': 3, 'val': 2, 'val_groups': ['D', 'E'], 'colour_kappa': 0.4,
        'mosaic_labels': 16, 'command': 'make demo', 'minutes': '1.0', 'hardware': '2 cores',
        'versions': 'Python',
    }  # fmt: skip
    path = tmp_path / 'report.html'
    write_report(
        path, facts=facts, rows=summarise(cells([0.1, 0.2])), lines=['a line'],
        legend=[('road', (1, 2, 3))],
        pictures={name: Figure((1, 1)) for name in ('curves', 'regions', 'mosaic')},
    )  # fmt: skip
    text = path.read_text()
    assert not re.search(r'(src|href)="(?!data:)', text) and 'http' not in text
    assert (tmp_path / 'pictures/mosaic.png').is_file()
    assert '&lt;scenes&gt;' in text and 'rgb(1, 2, 3)' in text and 'groups D, E' in text
