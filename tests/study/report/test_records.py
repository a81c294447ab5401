import csv
import io
import json
from dataclasses import replace

import pytest
from scipy import stats

from glcnet_plugin.study.report.differences import Difference
from glcnet_plugin.study.report.records import csv_table, records
from glcnet_plugin.study.report.statistics import detectable_difference


def test_csv_holds_all_numbers(study, rows):
    found = {row['method']: row for row in csv.DictReader(io.StringIO(csv_table(study, rows)))}
    ours = found['glcnet']
    assert float(ours['Kappa_mean']) == pytest.approx(0.32) and ours['seeds'] == '5'
    assert (ours['start_other'], ours['start_verdict']) == ('random', 'ahead')
    assert float(ours['start_low']) == pytest.approx(0.1)
    assert (found['simclr']['start_verdict'], found['simclr']['start_low']) == (
        'too few seeds',
        '',
    )
    assert found['random']['start_other'] == ''


def test_csv_and_records_hold_p_values_and_detectable_differences(study, rows):
    values = [0.1, 0.12, 0.09, 0.11, 0.1]
    changed = [replace(rows[1], against_start=Difference('random', values, adjusted=0.25))]
    (line,) = csv.DictReader(io.StringIO(csv_table(study, changed)))
    (record,) = records(study, changed)
    for name, expected in {
        'start_p': stats.ttest_1samp(values, 0).pvalue,
        'start_p_holm': 0.25,
        'start_detectable': detectable_difference(values),
    }.items():
        assert record[name] == pytest.approx(expected)
        assert float(line[name]) == pytest.approx(expected, abs=5e-5)
    assert record['start_verdict'] == line['start_verdict'] == 'possibly ahead'
    assert json.loads(json.dumps(record)) == record
