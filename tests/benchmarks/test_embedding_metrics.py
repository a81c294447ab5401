import math

import embedding_metrics


def test_a_step_trains_and_the_metrics_are_those_of_both_branches(monkeypatch):
    monkeypatch.setattr(embedding_metrics, 'PAIRS', 2)
    assert math.isfinite(embedding_metrics.training_step()())
    overlap, *metrics = embedding_metrics.compute_metrics()
    assert overlap == 1  # both views are the whole image
    assert len(metrics) == 2 * 7 and all(map(math.isfinite, metrics))
