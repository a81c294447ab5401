import numpy as np
import pytest
import torch

from glcnet_plugin.datasets.io.folder_format import image_files
from glcnet_plugin.datasets.io.masks import read_mask
from glcnet_plugin.study.plan import make_plan
from glcnet_plugin.study.run import probing
from glcnet_plugin.study.run.probing import (
    Extractor,
    Pixels,
    batches,
    fit,
    pixel_counts,
    pixels_per_tile,
    sample_tile,
    segmentor_features,
)


@pytest.fixture
def cells(study, tiles):
    return {cell.name: cell for cell in make_plan(study, tiles)}


def test_same_seed_same_random_features(study, tiles, lists, cells, scenes):
    name, path = next(iter(image_files(scenes / 'images').items()))
    values = []
    for cell in ('probe/random/seed0', 'probe/random/seed0', 'probe/random/seed1'):
        extractor = segmentor_features(study, tiles, lists, cells[cell], None)
        values.append(sample_tile(study, name, path, 40, [extractor]).values['segmentor'])
    assert values[0].shape == (40, 16 + 32 + 64 + 128 + 32)
    np.testing.assert_array_equal(values[0], values[1])
    assert not np.array_equal(values[0], values[2])
    widths = {kind: values[0][:, part].shape[1] for kind, part in extractor.columns.items()}
    assert widths == {'probe': 272, 'probe_deep': 160, 'probe_last': 128}
    np.testing.assert_array_equal(
        values[0][:, extractor.columns['probe_last']], values[0][:, 112:240]
    )


def test_more_pixels_of_fewer_tiles():
    assert [pixels_per_tile(n, False) for n in (4, 16, 160, 20_000)] == [400, 400, 40, 1]
    assert [pixels_per_tile(n, True) for n in (80, 8064)] == [100, 4]


def test_a_tile_gives_as_many_pixels_as_the_smallest_list_asks_for(tiles):
    counts = pixel_counts(tiles, [(2, 0), (4, 0)])
    assert set(counts) == {*tiles.val, *tiles.labelled[4, 0]}
    assert counts[tiles.val[0]] == 100 and counts[tiles.labelled[2, 0][0]] == 400


def test_batches_hold_images_of_one_size():
    images = [torch.zeros(1, 3, side, 8) for side in (8, 9, 8, 8)]
    assert [tuple(batch.shape) for batch in batches(images, 2)] == [
        (2, 3, 8, 8), (1, 3, 8, 8), (1, 3, 9, 8),
    ]  # fmt: skip


class Coordinates:
    """Features that are the places they are asked for."""

    def at(self, _, points):
        return points.float()


def test_labels_are_those_of_the_places(study, scenes):
    for name, path in list(image_files(scenes / 'images').items())[:2]:
        extractor = Extractor('places', Coordinates(), lambda x: x, {})
        pixels = sample_tile(study, name, path, 300, [extractor])
        x, y = pixels.values['places'].astype(int).T
        assert (x.min(), y.min()) < (10, 10) and (x.max(), y.max()) > (150, 150)
        mask = read_mask(scenes / 'masks' / f'{name}.png')
        np.testing.assert_array_equal(mask[y, x], pixels.labels)
        fewer = sample_tile(study, name, path, 20, [extractor])
        np.testing.assert_array_equal(fewer.labels, pixels.labels[:20])


def test_held_out_tiles_are_scored_by_what_labelled_ones_teach():
    rng = np.random.default_rng(0)

    def tile():
        labels = rng.integers(0, 2, 400)
        values = np.c_[rng.standard_normal((400, 1)), labels * 9.0]
        labels[:40] = 255
        return Pixels({'net': values}, labels)

    samples = {name: tile() for name in 'abc'}
    hist = fit(samples, 'net', slice(None), ['a', 'b'], ['c'], 2)
    assert hist.sum() == 60 and np.trace(hist) == 60  # 100 pixels, 40 of them without a label
    assert np.trace(fit(samples, 'net', slice(0, 1), ['a', 'b'], ['c'], 2)) < 45


def test_the_dense_map_is_the_pretrained_one(study, tiles, lists, cells, tmp_path):
    from mmengine.config import Config

    from glcnet_plugin.study.configs import pretrain_config
    from glcnet_plugin.study.run.probing import dense_features

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
    assert list(extractor.columns) == ['probe_dense']
    cfg = pretrain_config(study, study.methods['simclr'], tiles, lists['train'])
    cfg.dump(tmp_path / 'config.py')
    assert dense_features(tmp_path, None) == []
    assert isinstance(cfg, Config)
