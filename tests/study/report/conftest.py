"""Results of a small study."""

import pytest

from glcnet_plugin.study.report.summary import Score, summarise


@pytest.fixture
def rows(study):
    """GLCNet 0.1 ahead of random weights in five seeds, SimCLR in four of them."""
    found = []
    for seed in range(5):
        for method, gain in (('random', 0.0), ('glcnet', 0.1), ('simclr', 0.3)):
            if method != 'simclr' or seed < 4:
                kappa = 0.2 + 0.01 * seed + gain
                scores = {'OA': 0.9, 'Kappa': kappa, 'mIoU': 0.3}
                found.append(Score('finetune', method, 2, seed, scores, [[1]]))
    return summarise(study, found)


def make_score(kind, method, labels, seed, kappa):
    return Score(kind, method, labels, seed, {'OA': 0.9, 'Kappa': kappa, 'mIoU': 0.3}, [[1]])


@pytest.fixture
def score():
    """Makes a score of one seed."""
    return make_score


@pytest.fixture
def scores(score):
    """Five seeds: GLCNet 0.1 above random weights with 2 tiles, SimCLR about as good as GLCNet."""
    found = []
    for seed in range(5):
        base = 0.2 + 0.01 * seed
        found += [
            score('finetune', 'random', 2, seed, base),
            score('finetune', 'random', 4, seed, base + 0.05),
            score('finetune', 'random', 16, seed, base + 0.15),
            score('finetune', 'glcnet', 2, seed, base + 0.1),
            score('finetune', 'simclr', 2, seed, base + 0.1 + (-1) ** seed * 0.01),
        ]
    return found
