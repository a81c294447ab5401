from dataclasses import replace

import pytest
from data_tools import write_tiles
from suite_loader import samples_per_second, training_config, view_seconds, waiting
from training_step import Case

CASE = Case('glcnet', 'r18w16')


@pytest.fixture
def tiles(tmp_path):
    write_tiles(tmp_path / 'tiles', 4)
    return tmp_path / 'tiles/images'


def test_views_of_the_shipped_pipeline_are_timed(tiles):
    seconds = view_seconds(CASE, tiles, 3)
    assert set(seconds) == {'decode', 'views'} and min(seconds.values()) > 0


def test_the_loader_without_workers(tiles):
    assert samples_per_second(CASE, tiles, 0, 2)['pairs_per_second'] > 0


def test_a_training_keeps_the_shipped_hooks(tiles, tmp_path):
    case = replace(CASE, device_views=True)
    cfg = training_config(case, tiles, 2, 4, tmp_path)
    assert {'nan_guard', 'embedding_metrics', 'deterministic_resume'} <= set(cfg.default_hooks)
    assert cfg.train_dataloader.dataset.pipeline[2].type.endswith('TwoViewsOnDevice')
    assert (cfg.train_dataloader.batch_size, cfg.train_dataloader.num_workers) == (4, 2)


@pytest.mark.slow
def test_the_waiting_of_a_training(tiles, tmp_path):
    figures = waiting(CASE, tiles, 0, 2, 2, tmp_path / 'run')
    assert 0 < figures['data_share'] < 1
    assert 0 < figures['data_seconds'] < figures['step_seconds']
