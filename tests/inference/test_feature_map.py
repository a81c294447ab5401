import numpy as np
import pytest
import torch
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.inference.feature_map import clusters, components, likeness


@pytest.fixture
def sample():
    """Three groups of 12 features, one of which does not vary."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(3, 12)).repeat(40, 0) * 5 + rng.normal(size=(120, 12))
    values[:, 4] = 7
    return values.astype(np.float32)


def projected(drawn, sample):
    """What a map shows of the sample, as a row of cells."""
    cells = torch.from_numpy(sample.T[None, :, None])  # (1, C, 1, N)
    return drawn.project(cells)[0].numpy()


def standardised(sample):
    std = sample.std(0)
    return (sample - sample.mean(0)) / np.where(std > 1e-5, std, 1)


def test_components_are_those_of_scikit_learn(sample):
    drawn = components(sample)
    expected = PCA(3, random_state=0).fit_transform(standardised(sample)).T
    found = projected(drawn, sample)
    np.testing.assert_allclose(found[:, 0], expected, atol=1e-3)
    values = drawn.values(found)[:, 0]
    assert values.dtype == np.uint8 and values.min() == 0 and values.max() == 254
    low, high = np.percentile(expected, [2, 98], axis=1)
    inside = (expected[1] > low[1]) & (expected[1] < high[1])
    scaled = 254 * (expected[1] - low[1]) / (high[1] - low[1])
    np.testing.assert_allclose(values[1][inside], scaled[inside], atol=0.51)


def test_clusters_are_those_of_kmeans(sample):
    drawn = clusters(sample, 3)
    found = drawn.values(projected(drawn, sample))
    expected = KMeans(3, n_init=4, random_state=0).fit_predict(standardised(sample))
    pairs = set(zip(found[0, 0].tolist(), expected.tolist(), strict=True))
    assert len(pairs) == 3  # the same groups, under some numbers
    assert drawn.names == ['cluster 0', 'cluster 1', 'cluster 2'] and len(drawn.palette) == 3
    with pytest.raises(ConfigError, match='1 clusters: give a number from 2 to 120'):
        clusters(sample, 1)


def test_likeness_is_the_cosine_in_per_cent(sample):
    drawn = likeness(sample, sample[5])
    values = standardised(sample)
    expected = values @ values[5] / np.linalg.norm(values, axis=1) / np.linalg.norm(values[5])
    found = projected(drawn, sample)
    np.testing.assert_allclose(found[0, 0], expected, atol=1e-4)
    cents = drawn.values(found)[0, 0]
    assert cents[5] == 100 and (cents[expected < 0] == 0).all() and (expected < 0).any()
