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
