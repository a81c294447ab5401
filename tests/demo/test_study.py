from pathlib import Path

from glcnet_plugin.study.fairness import check_fairness
from glcnet_plugin.study.settings import read_study
from glcnet_plugin.study.statistics import ENOUGH


def test_two_methods_and_enough_seeds_for_an_interval():
    study = read_study(Path(__file__).parents[2] / 'demo/study.py')
    assert list(study.methods) == ['random', 'glcnet'] and len(study.seeds) >= ENOUGH
    assert check_fairness(study) == {}
