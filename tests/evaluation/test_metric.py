import csv
import json

import numpy as np
import pytest
import torch
from mmengine.logging import MMLogger

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.evaluation import RSSegMetric, confusion_matrix, confusion_scores
from glcnet_plugin.evaluation import metric as metric_module


def samples(count, seed=0):
    generator = torch.Generator().manual_seed(seed)
    result = []
    for _ in range(count):
        truth = torch.randint(0, 3, (1, 4, 5), generator=generator)
        truth[0, 0, 0] = 255
        prediction = torch.randint(0, 3, (1, 4, 5), generator=generator)
        result.append({'pred_sem_seg': {'data': prediction}, 'gt_sem_seg': {'data': truth}})
    return result


def metric(**kwargs):
    result = RSSegMetric(**kwargs)
    result.dataset_meta = {'classes': ['a', 'b', 'c']}
    return result


def expected_scores(data):
    hist = sum(
        confusion_matrix(s['pred_sem_seg']['data'].numpy(), s['gt_sem_seg']['data'].numpy(), 3)
        for s in data
    )
    return confusion_scores(hist)


@pytest.mark.parametrize('batch_size', [1, 2, 5])
def test_equals_the_scores_of_all_pixels(batch_size):
    data, m = samples(5), metric()
    for start in range(0, 5, batch_size):
        m.process(None, data[start : start + batch_size])
    scores, expected = m.evaluate(5), expected_scores(data)
    assert scores == {f'seg/{k}': expected[k] for k in ('OA', 'AA', 'Kappa', 'mIoU', 'mF1')}


@pytest.mark.parametrize(('size', 'world_size'), [(5, 2), (4, 2), (7, 3), (2, 3), (1, 4)])
def test_repeated_samples_of_several_processes_do_not_count(monkeypatch, size, world_size):
    data = samples(size)
    each = -(-size // world_size)
    order = [i % size for i in range(each * world_size)]  # what DefaultSampler gives
    matrices = []
    for rank in range(world_size):
        m = metric()
        monkeypatch.setattr(metric_module, 'get_dist_info', lambda rank=rank: (rank, world_size))
        # stands for the collection over processes: keep this process's matrix
        monkeypatch.setattr(
            metric_module.BaseMetric,
            'evaluate',
            lambda self, size: matrices.append(self.results[0]),
        )
        m.process(None, [data[i] for i in order[rank::world_size]])
        m.evaluate(size)
    hist = metric().compute_metrics(matrices)
    expected = expected_scores(data)
    assert hist == {k: expected[k] for k in hist}


def test_memory_does_not_grow_with_the_number_of_images():
    m = metric()
    for seed in range(20):
        m.process(None, samples(3, seed))
    assert m.results == [] and m._counted.shape == m._last.shape == (3, 3)
    assert m._counted.dtype == np.int64


def test_can_be_used_again():
    m, data = metric(), samples(3)
    m.process(None, data)
    first = m.evaluate(3)
    m.process(None, data)
    assert m.evaluate(3) == first


def test_files(tmp_path):
    m, data = metric(output_dir=str(tmp_path / 'out')), samples(2)
    for sample in data:  # class c is neither there nor predicted
        for key in sample:
            sample[key]['data'][sample[key]['data'] == 2] = 0
    m.process(None, data)
    m.evaluate(2)
    saved, expected = json.loads((tmp_path / 'out/scores.json').read_text()), expected_scores(data)
    assert saved['Kappa'] == expected['Kappa'] and saved['IoU'][2] is None
    assert np.sum(saved['confusion_matrix']) == 2 * 19 and saved['classes'] == ['a', 'b', 'c']
    with (tmp_path / 'out/scores.csv').open() as file:
        rows = list(csv.DictReader(file))
    assert [row['class'] for row in rows] == ['a', 'b', 'c']
    assert float(rows[0]['IoU']) == expected['IoU'][0] and rows[2]['IoU'] == ''
    assert sum(int(row['pixels']) for row in rows) == 2 * 19


def test_files_lie_beside_the_log_of_a_run(tmp_path):
    MMLogger.get_instance('a_run_of_this_test', log_file=str(tmp_path / 'run.log'))
    m = metric()
    m.process(None, samples(1))
    m.evaluate(1)
    assert (tmp_path / 'scores.json').is_file() and (tmp_path / 'scores.csv').is_file()


def test_classes_are_needed():
    with pytest.raises(ConfigError, match='classes'):
        RSSegMetric().process(None, samples(1))
