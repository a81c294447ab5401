import numpy as np

from glcnet_plugin.study.run.extractors import Extractor
from glcnet_plugin.study.run.probe_pixels import Pixels
from glcnet_plugin.study.run.probing import features_of_probes, fit


def test_held_out_tiles_are_scored_by_what_labelled_ones_teach():
    rng = np.random.default_rng(0)

    def tile():
        labels = rng.integers(0, 2, 400)
        values = np.c_[rng.standard_normal((400, 1)), labels * 9.0]
        labels[:40] = 255
        return Pixels({'net': values}, labels)

    samples = {name: tile() for name in 'abc'}
    hist = fit(samples, [('net', slice(None))], ['a', 'b'], ['c'], 2)
    assert hist.sum() == 60 and np.trace(hist) == 60  # 100 pixels, 40 of them without a label
    assert np.trace(fit(samples, [('net', slice(0, 1))], ['a', 'b'], ['c'], 2)) < 45


def test_all_features_are_those_of_the_stages_and_of_the_dense_map():
    stages = np.arange(6, dtype=np.float32).reshape(2, 3)
    dense = -np.ones((2, 1), np.float32)
    one = Extractor('segmentor', None, {'probe': slice(None)}, None)
    other = Extractor('dense', None, {'probe_dense': slice(None)}, None)
    pixels = Pixels({'segmentor': stages, 'dense': dense}, np.zeros(2, int))
    assert list(features_of_probes([one])) == ['probe']
    probes = features_of_probes([one, other])
    assert list(probes) == ['probe', 'probe_dense', 'probe_all']
    np.testing.assert_array_equal(pixels.features(probes['probe']), stages)
    np.testing.assert_array_equal(
        pixels.features(probes['probe_all']), [[0, 1, 2, -1], [3, 4, 5, -1]]
    )
