import numpy as np
import pytest

from glcnet_plugin.datasets.analysis.moments import Moments


def test_parts_make_up_the_whole():
    image = np.random.default_rng(0).normal(1e6, 1, (20, 10, 3))
    whole = Moments.of(image)
    parts = Moments.of(image[:7]) + Moments.of(image[7:])
    np.testing.assert_allclose(whole.std, image.std((0, 1)), rtol=1e-8)
    for name in ('count', 'mean', 'std', 'minimum', 'maximum'):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), rtol=1e-8)


def test_missing_values_and_bands_without_values():
    image = np.array([[[1.0, 5.0], [3.0, 5.0]]])
    missing = np.array([[[False, True], [False, True]]])
    moments = Moments.of(image, missing)
    assert moments.count.tolist() == [2, 0] and moments.mean.tolist() == [2, 0]
    assert moments.std.tolist() == [1, 0] and np.isnan(moments.minimum[1])
    total = moments + Moments.of(image)
    assert total.minimum.tolist() == [1, 5] and total.count.tolist() == [4, 2]
    assert total.mean.tolist() == pytest.approx([2, 5])
