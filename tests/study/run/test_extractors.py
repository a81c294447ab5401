import numpy as np
import torch

from glcnet_plugin.models.utils.pixel_features import PixelFeatures
from glcnet_plugin.study.configs import finetune_config, pretrain_config
from glcnet_plugin.study.context import prepare_study
from glcnet_plugin.study.run import extractors
from glcnet_plugin.study.run.extractors import Extractor, dense_features, segmentor_features
from glcnet_plugin.study.run.probe_pixels import TileReader, sample_tile
from glcnet_plugin.study.settings import read_study


def test_same_seed_same_random_features(context, jobs):
    reader, name = (
        TileReader(context, finetune_config(context, jobs['probe/random/seed0'])),
        context.tiles.val[0],
    )
    values = []
    for job in ('probe/random/seed0', 'probe/random/seed0', 'probe/random/seed1'):
        extractor = segmentor_features(context, jobs[job], finetune_config(context, jobs[job]))
        values.append(sample_tile(reader, name, 40, [extractor]).values['segmentor'])
    assert values[0].shape == (40, 16 + 32 + 64 + 128 + 32)
    np.testing.assert_array_equal(values[0], values[1])
    assert not np.array_equal(values[0], values[2])
    widths = {kind: values[0][:, part].shape[1] for kind, part in extractor.columns.items()}
    assert widths == {'probe': 272, 'probe_deep': 160, 'probe_last': 128}
    np.testing.assert_array_equal(
        values[0][:, extractor.columns['probe_last']], values[0][:, 112:240]
    )


def test_the_dense_map_is_the_pretrained_one(context, jobs, tmp_path):
    cfg = pretrain_config(context, jobs['pretrain/glcnet/seed0'])
    cfg.dump(tmp_path / 'config.py')
    torch.manual_seed(3)
    model = extractors._build(cfg)
    torch.save({'state_dict': model.state_dict()}, tmp_path / 'weights.pth')
    (extractor,) = dense_features(tmp_path)
    x = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        expected = model.eval().forward_maps(x)[1]
        assert torch.equal(extractor.features.eval()(x)[0], expected)
    assert list(extractor.columns) == ['probe_dense']
    pretrain_config(context, jobs['pretrain/simclr/seed0']).dump(tmp_path / 'config.py')
    assert dense_features(tmp_path) == []


def test_without_an_encoder_map_the_last_stage_is_probed_once(study_file, tmp_path):
    """Heads of other families, such as FCN, have no map between backbone and decoder."""
    head = {'_delete_': True, 'type': 'FCNHead', 'in_channels': 128, 'in_index': 3,
            'channels': 8, 'num_classes': 6}  # fmt: skip
    study = read_study(study_file, options={'finetune_options': {'model.decode_head': head}})
    context = prepare_study(study, tmp_path / 'study')
    job = next(job for job in context.plan if job.name == 'probe/random/seed0')
    extractor = segmentor_features(context, job, finetune_config(context, job))
    assert sum(m.shape[1] for m in extractor.features(torch.zeros(1, 3, 64, 64))) == 240
    assert list(extractor.columns) == ['probe', 'probe_last']
    assert np.arange(240)[extractor.columns['probe_last']].tolist() == list(range(112, 240))


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
