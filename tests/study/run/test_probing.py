from types import SimpleNamespace

import numpy as np
import torch

from glcnet_plugin.datasets.io.folder_format import image_files
from glcnet_plugin.datasets.io.masks import read_mask
from glcnet_plugin.models.utils.pixel_features import PixelFeatures
from glcnet_plugin.study.configs import pretrain_config
from glcnet_plugin.study.context import prepare_study
from glcnet_plugin.study.run import probing
from glcnet_plugin.study.run.probing import (
    Extractor,
    Pixels,
    dense_features,
    fit,
    pixel_counts,
    pixels_of,
    sample_tile,
    segmentor_features,
)
from glcnet_plugin.study.settings import read_study


def test_same_seed_same_random_features(context, jobs, scenes):
    name, path = next(iter(image_files(scenes / 'images').items()))
    values = []
    for job in ('probe/random/seed0', 'probe/random/seed0', 'probe/random/seed1'):
        extractor = segmentor_features(context, jobs[job])
        values.append(sample_tile(scenes, name, path, 40, [extractor]).values['segmentor'])
    assert values[0].shape == (40, 16 + 32 + 64 + 128 + 32)
    np.testing.assert_array_equal(values[0], values[1])
    assert not np.array_equal(values[0], values[2])
    widths = {kind: values[0][:, part].shape[1] for kind, part in extractor.columns.items()}
    assert widths == {'probe': 272, 'probe_deep': 160, 'probe_last': 128}
    np.testing.assert_array_equal(
        values[0][:, extractor.columns['probe_last']], values[0][:, 112:240]
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
    hist = fit(samples, 'net', slice(None), ['a', 'b'], ['c'], 2)
    assert hist.sum() == 60 and np.trace(hist) == 60  # 100 pixels, 40 of them without a label
    assert np.trace(fit(samples, 'net', slice(0, 1), ['a', 'b'], ['c'], 2)) < 45


def test_the_dense_map_is_the_pretrained_one(context, jobs, tmp_path):
    cfg = pretrain_config(context, jobs['pretrain/glcnet/seed0'])
    cfg.dump(tmp_path / 'config.py')
    torch.manual_seed(3)
    model = probing._build(cfg)
    torch.save({'state_dict': model.state_dict()}, tmp_path / 'weights.pth')
    (extractor,) = dense_features(tmp_path)
    x = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        expected = model.eval().forward_maps(x)[1]
        assert torch.equal(extractor.features.eval()(x)[0], expected)
    assert list(extractor.columns) == ['probe_dense']
    pretrain_config(context, jobs['pretrain/simclr/seed0']).dump(tmp_path / 'config.py')
    assert dense_features(tmp_path) == []


def test_without_an_encoder_map_the_last_stage_is_the_deepest(study_file, tmp_path):
    """Heads of other families, such as FCN, have no map between backbone and decoder."""
    head = {'_delete_': True, 'type': 'FCNHead', 'in_channels': 128, 'in_index': 3,
            'channels': 8, 'num_classes': 6}  # fmt: skip
    study = read_study(study_file, options={'finetune_options': {'model.decode_head': head}})
    context = prepare_study(study, tmp_path / 'study')
    job = next(job for job in context.plan if job.name == 'probe/random/seed0')
    extractor = segmentor_features(context, job)
    assert sum(m.shape[1] for m in extractor.features(torch.zeros(1, 3, 64, 64))) == 240
    numbers = np.arange(240)
    for kind in ('probe_deep', 'probe_last'):
        assert numbers[extractor.columns[kind]].tolist() == list(range(112, 240))


def test_loaded_statistics_stay_unless_the_tiles_are_to_give_them():
    network = torch.nn.Sequential(torch.nn.BatchNorm2d(1), torch.nn.BatchNorm2d(1))
    features = PixelFeatures(torch.nn.Module(), 'backbone')
    features.model = network
    features.forward = network.forward
    images = [torch.full((2, 1, 4, 4), 3.0)]
    means = []
    for everywhere in (False, True):
        network[0].running_mean.fill_(9.0)
        extractor = Extractor('x', features, {}, lambda key: key.startswith('0.'))
        extractor.calibrate(images, everywhere)
        means.append(network[0].running_mean.item())
        assert not network.training and network[1].running_mean.item() != 0
    assert means == [9.0, 3.0]
