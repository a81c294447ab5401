import csv
import json

import numpy as np

from glcnet_plugin.evaluation.confusion import confusion_scores
from glcnet_plugin.evaluation.score_files import scores_table, write_scores

HIST = np.array([[3, 1, 0], [0, 4, 0], [0, 0, 0]])  # OA 7/8; the third class does not occur
CLASSES = ['road', 'field', 'water']


def test_table_in_per_cent():
    lines = scores_table(confusion_scores(HIST), CLASSES).splitlines()
    row = next(line for line in lines if 'road' in line)
    # IoU 3/4, F1 6/7, precision 3/3, recall 3/4
    assert [cell.strip() for cell in row.strip('|').split('|')] == [
        'road', '75.00', '85.71', '100.00', '75.00'
    ]  # fmt: skip
    assert lines[-1].startswith('OA 87.50  AA 87.50  Kappa 75.00')


def test_files(tmp_path):
    scores = confusion_scores(HIST)
    write_scores(tmp_path / 'new', 'scores', HIST, scores, CLASSES)
    content = json.loads((tmp_path / 'new/scores.json').read_text())
    assert content['OA'] == 7 / 8 and content['IoU'] == [3 / 4, 4 / 5, None]
    assert content['confusion_matrix'] == HIST.tolist() and content['classes'] == CLASSES
    with (tmp_path / 'new/scores.csv').open(newline='') as file:
        rows = list(csv.DictReader(file))
    assert [row['pixels'] for row in rows] == ['4', '4', '0'] and rows[2]['IoU'] == ''
