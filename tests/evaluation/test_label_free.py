import numpy as np
import pytest

from glcnet_plugin.evaluation.label_free import label_free_metrics


def test_clusters_and_directions_of_known_features():
    """Two points: all variance lies between clusters and in one direction."""
    points = np.repeat([[0.0, 0.0, 1.0], [1.0, 2.0, 1.0]], 50, axis=0)
    found = label_free_metrics(points)
    assert found == pytest.approx({'effective_rank': 1, 'separability': 1})


def test_even_noise_has_full_rank_and_few_clusters():
    noise = np.random.default_rng(0).normal(size=(2000, 8))
    found = label_free_metrics(noise)
    assert found['effective_rank'] == pytest.approx(8, abs=0.05)
    assert 0.2 < found['separability'] < 0.5  # k-means always finds some


def test_features_that_are_all_equal():
    assert label_free_metrics(np.ones((5, 3))) == {'effective_rank': 0.0, 'separability': 0.0}


def test_scale_does_not_matter():
    features = np.random.default_rng(0).normal(size=(300, 4))
    scaled = features * [1, 10, 100, 1000] + 7
    assert label_free_metrics(scaled) == pytest.approx(label_free_metrics(features))
