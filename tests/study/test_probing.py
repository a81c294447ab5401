import numpy as np
import pytest
import torch

from glcnet_plugin.datasets.descriptions import image_files
from glcnet_plugin.datasets.masks import read_mask
from glcnet_plugin.study import probing
from glcnet_plugin.study.plan import make_plan
from glcnet_plugin.study.probing import Extractor, Pixels, fit, sample_tile, segmentor_features


@pytest.fixture
def cells(study, tiles):
    return {cell.name: cell for cell in make_plan(study, tiles)}


def test_same_seed_same_random_features(study, tiles, lists, cells, scenes):
    name, path = next(iter(image_files(scenes / 'images').items()))
    values = []
    for cell in ('probe/random/seed0', 'probe/random/seed0', 'probe/random/seed1'):
        extractor = segmentor_features(study, tiles, lists, cells[cell], None)
        assert extractor.widths == {'probe': 16 + 32 + 64 + 128 + 32, 'probe_deep': 128 + 32}
        values.append(sample_tile(study, name, path, [extractor]).values)
    assert values[0]['probe'].shape == (probing.TILE_PIXELS, 272)
    np.testing.assert_array_equal(values[0]['probe'], values[1]['probe'])
    assert not np.array_equal(values[0]['probe'], values[2]['probe'])
    np.testing.assert_array_equal(values[0]['probe'][:, -160:], values[0]['probe_deep'])


class Coordinates:
    """Features that are the places they are asked for."""

    def at(self, _, points):
        return points.float()


def test_labels_are_those_of_the_places(study, scenes):
    for name, path in list(image_files(scenes / 'images').items())[:2]:
        extractor = Extractor(Coordinates(), lambda x: x, {'probe': 2})
        pixels = sample_tile(study, name, path, [extractor])
        x, y = pixels.values['probe'].astype(int).T
        mask = read_mask(scenes / 'masks' / f'{name}.png')
        np.testing.assert_array_equal(mask[y, x], pixels.labels)


def test_held_out_tiles_are_scored_by_what_labelled_ones_teach():
    rng = np.random.default_rng(0)

    def tile():
        labels = rng.integers(0, 2, 400)
        noise = rng.standard_normal((400, 1))
        values = {'good': np.c_[labels * 9.0, noise], 'bad': noise}
        labels[:40] = 255
        return Pixels(values, labels)

    samples = {name: tile() for name in 'abc'}
    hist = fit(samples, 'good', ['a', 'b'], ['c'], 2)
    assert hist.sum() == 60 and np.trace(hist) == 60  # 100 pixels, 40 of them without a label
    assert np.trace(fit(samples, 'bad', ['a', 'b'], ['c'], 2)) < 45


def test_the_dense_map_is_the_pretrained_one(study, tiles, lists, cells, tmp_path):
    from mmengine.config import Config

    from glcnet_plugin.study.configs import pretrain_config
    from glcnet_plugin.study.probing import dense_features

    cfg = pretrain_config(study, study.methods['glcnet'], tiles, lists['train'])
    cfg.dump(tmp_path / 'config.py')
    torch.manual_seed(3)
    model = probing._build(cfg)
    torch.save({'state_dict': model.state_dict()}, tmp_path / 'weights.pth')
    (extractor,) = dense_features(tmp_path, tmp_path / 'weights.pth')
    x = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        expected = model.eval().forward_maps(x)[1]
        assert torch.equal(extractor.features.eval()(x)[0], expected)
    assert extractor.widths == {'probe_dense': 64}
    cfg = pretrain_config(study, study.methods['simclr'], tiles, lists['train'])
    cfg.dump(tmp_path / 'config.py')
    assert dense_features(tmp_path, None) == []
    assert isinstance(cfg, Config)
