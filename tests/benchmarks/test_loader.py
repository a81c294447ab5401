import os

import numpy as np
import pytest
from loader import STARTS, compare, make_sources, pairs_per_second, private_mib, worker_memory

pytestmark = pytest.mark.slow


@pytest.fixture(scope='module')
def made(tmp_path_factory):
    return make_sources(tmp_path_factory.mktemp('loader'), 4)


def test_sources_give_tiles_or_views_of_the_same_size(made):
    sources, cache = made
    assert cache['tiles'] == 4 and cache['mib'] > 4 * 256 * 256 * 3 / 2**20
    for name, source in sources.items():
        inputs = next(iter(source.loader(STARTS['0 workers'], 2)))['inputs']
        shapes = [tuple(x.shape) for x in (inputs if isinstance(inputs, list) else [inputs])]
        on_device = 'device' in name
        assert shapes == ([(2, 3, 256, 256)] if on_device else [(2, 3, 224, 224)] * 2)
    assert sources['cache'].loading_seconds(3) > 0


def test_the_cache_is_what_is_read(made, monkeypatch):
    from glcnet_plugin.datasets.io import tile_cache

    monkeypatch.setattr(tile_cache, 'read_masked', None)  # decoding a file would fail
    next(iter(made[0]['cache'].loader(STARTS['0 workers'], 2)))


def test_speed(made):
    loader = made[0]['cache, views on the device'].loader(STARTS['0 workers'], 2)
    assert pairs_per_second(loader, 2) > 0
    values = iter([3.0, 1.0, 2.0, 7.0])
    assert compare({'a': lambda: next(values), 'b': lambda: next(values)}, 2) == {'a': 3, 'b': 7}


def test_memory_of_a_worker(made):
    start = {'num_workers': 1, 'multiprocessing_context': 'fork'}
    found = worker_memory(made[0]['cache'].loader(start, 2), 8, readings=2)
    assert found['samples'] == [4, 8] and min(found['mib']) > 10
    before, block = private_mib(os.getpid()), np.ones(2**27, np.uint8)
    # what else is freed meanwhile may hide a part
    assert private_mib(os.getpid()) - before > 0.5 * block.nbytes / 2**20
