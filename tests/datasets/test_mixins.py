import logging

import numpy as np
import pytest
from mmengine.registry import DATASETS
from torch.utils.data import DataLoader

from glcnet_plugin.datasets import mixins as skipping
from glcnet_plugin.datasets.tiling.folder_writer import write_image
from glcnet_plugin.errors import ConfigError, DataError


@pytest.fixture
def folder(tmp_path):
    for index in range(6):
        write_image(tmp_path / f'x{index}', np.full((8, 8, 4), index, np.uint8))
    for index in (2, 4):
        (tmp_path / f'x{index}.tif').write_bytes(b'damaged')
    return tmp_path


def build(folder, **more):
    return DATASETS.build(
        dict(
            type='glcnet_plugin.UnlabeledRSDataset',
            data_root=str(folder),
            pipeline=[dict(type='glcnet_plugin.LoadRSImage')],
            **more,
        )
    )


def test_stops_by_default(folder):
    with pytest.raises(DataError, match=r'cannot decode image .*x2.tif'):
        list(build(folder))


def test_skips_replaces_counts_and_logs(folder, monkeypatch):
    lines = []
    monkeypatch.setattr(skipping, 'print_log', lambda text, **more: lines.append((text, more)))
    dataset = build(folder, on_error='skip')
    values = [int(dataset[i]['img'].max()) for i in range(6)]
    assert len(values) == 6 and not {2, 4} & set(values)
    assert dataset.num_skipped == len(lines) >= 2
    text, more = lines[0]
    assert text.startswith('skipped 1 samples (limit 100): ') and 'x2.tif' in text
    assert more == {'logger': 'current', 'level': logging.WARNING}


def test_workers_share_the_count(folder):
    dataset = build(folder, on_error='skip')
    loader = DataLoader(dataset, num_workers=2, collate_fn=list)
    assert len(list(loader)) == 6
    assert dataset.num_skipped >= 2


def test_too_many_skips_stop_and_say_why(folder):
    dataset = build(folder, on_error='skip', max_skips=0)
    with pytest.raises(DataError, match=r'skipped 1 samples \(limit 0\): .*x2.tif.*check_data'):
        dataset[2]


def test_validation_always_stops(folder):
    dataset = build(folder, on_error='skip')
    dataset.test_mode = True
    with pytest.raises(DataError, match=r'x2.tif'):
        dataset[2]


def test_unknown_policy(folder):
    with pytest.raises(ConfigError, match="'stop' or 'skip', got 'ignore'"):
        build(folder, on_error='ignore')
