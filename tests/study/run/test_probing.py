from types import SimpleNamespace

import numpy as np

from glcnet_plugin.datasets.io.folder_format import image_files
from glcnet_plugin.datasets.io.masks import read_mask
from glcnet_plugin.study.run.extractors import Extractor
from glcnet_plugin.study.run.probing import (
    Pixels,
    features_of_probes,
    fit,
    pixel_counts,
    pixels_of,
    sample_tile,
)


def test_more_pixels_of_fewer_tiles():
    assert [pixels_of(n, False) for n in (4, 16, 160, 20_000)] == [400, 400, 40, 1]
    assert [pixels_of(n, True) for n in (80, 8064)] == [100, 4]


def test_a_tile_gives_as_many_pixels_as_the_smallest_list_asks_for(tiles):
    counts = pixel_counts(tiles, [(2, 0), (4, 0)])
    assert set(counts) == {*tiles.val, *tiles.labelled[4, 0]}
    assert counts[tiles.val[0]] == 100 and counts[tiles.labelled[2, 0][0]] == 400


class Coordinates:
    """Features that are the places they are asked for."""

    model = SimpleNamespace(data_preprocessor=lambda batch, training: batch)

    def at(self, _, points):
        return points.float()


def test_labels_are_those_of_the_places(scenes):
    for name, path in list(image_files(scenes / 'images').items())[:2]:
        extractor = Extractor('places', Coordinates(), {}, str.isidentifier)
        pixels = sample_tile(scenes, name, path, 300, [extractor])
        x, y = pixels.values['places'].astype(int).T
        assert (x.min(), y.min()) < (10, 10) and (x.max(), y.max()) > (150, 150)
        mask = read_mask(scenes / 'masks' / f'{name}.png')
        np.testing.assert_array_equal(mask[y, x], pixels.labels)
        fewer = sample_tile(scenes, name, path, 20, [extractor])
        np.testing.assert_array_equal(fewer.labels, pixels.labels[:20])


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
