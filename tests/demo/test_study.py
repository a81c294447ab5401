from pathlib import Path

from glcnet_plugin.study.protocol import check_protocol
from glcnet_plugin.study.report.statistics import ENOUGH
from glcnet_plugin.study.settings import read_study


def test_two_methods_and_enough_seeds_for_an_interval():
    study = read_study(Path(__file__).parents[2] / 'demo/study.py')
    assert list(study.methods) == ['random', 'glcnet'] and len(study.seeds) >= ENOUGH
    assert check_protocol(study) == {}
