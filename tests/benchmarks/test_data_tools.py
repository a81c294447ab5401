import sys

import pytest
from data_tools import run, write_tiles

from glcnet_plugin.datasets.analysis.check_sources import inputs_from_folder
from glcnet_plugin.datasets.analysis.dataset_check import check_dataset


def test_the_tiles_are_good_data(tmp_path):
    write_tiles(tmp_path / 't', 5)
    inputs = inputs_from_folder(tmp_path / 't', {})
    result = check_dataset(inputs.samples, inputs.expected, 0)
    assert len(inputs.samples) == 5 and inputs.issues == result.issues == []


def test_time_and_memory_of_a_command():
    seconds, mib = run([sys.executable, '-c', "b = b'x' * (80 * 2**20)"])
    assert seconds > 0 and mib > 80
    with pytest.raises(RuntimeError, match='failed'):
        run([sys.executable, '-c', 'raise SystemExit(3)'])
