import json

import pytest

from glcnet_plugin.study.context import RESULT
from glcnet_plugin.study.inputs import inputs_of
from glcnet_plugin.study.report.label_free import LabelFree, rank_correlations, read_label_free


def numbers(kind, ranks, kappas):
    return [
        LabelFree(kind, 'x', seed, {'effective_rank': rank, 'separability': 0.5}, kappa)
        for seed, (rank, kappa) in enumerate(zip(ranks, kappas, strict=True))
    ]


def test_correlation_is_that_of_the_ranks():
    """One swap of neighbours among five: 1 - 6 * 2 / (5 * 24) = 0.9."""
    values = numbers('probe', [1, 2, 3, 4, 50], [0.1, 0.2, 0.4, 0.3, 0.5])
    (record,) = rank_correlations(values)  # the other number is always the same
    assert record['correlation'] == pytest.approx(0.9) and record['weights'] == 5
    assert (record['kind'], record['metric']) == ('probe', 'effective_rank')


def test_few_weights_give_none():
    assert rank_correlations(numbers('probe', [1, 2, 3, 4], [0.1, 0.2, 0.3, 0.4])) == []


def test_numbers_are_read_from_finished_probes(context, jobs):
    job = jobs['probe/glcnet/seed0']
    rows = [
        {'kind': 'probe', 'labels': labels, 'seed': 0, 'scores': {'Kappa': kappa}, 'hist': []}
        for labels, kappa in ((2, 0.2), (2, 0.4), (4, 0.9))
    ]
    folder = context.folder_of(job)
    folder.mkdir(parents=True)
    result = {
        'inputs': inputs_of(job, context), 'rows': rows, 'label_free': {'probe': {'a': 1.0}},
    }  # fmt: skip
    (folder / RESULT).write_text(json.dumps(result))
    (one,) = read_label_free(context)
    assert (one.kind, one.method, one.metrics) == ('probe', 'glcnet', {'a': 1.0})
    assert one.kappa == pytest.approx(0.3)
