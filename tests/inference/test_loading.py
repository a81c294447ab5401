import numpy as np
import pytest
import torch
from mmcv import imread
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope
from mmpretrain import FeatureExtractor
from mmpretrain.structures import DataSample
from mmseg.apis import MMSegInferencer, inference_model

from glcnet_plugin.datasets.tiling.folder_writer import write_image
from glcnet_plugin.errors import CheckpointMismatchError, ConfigError, DataError
from glcnet_plugin.inference.loading import load_model, usable_device

pytestmark = pytest.mark.slow  # builds networks


def test_a_checkpoint_alone_says_everything(save):
    path, network = save()
    model = load_model(path, device='cpu')
    assert model.classes == ['a', 'b', 'c', 'd', 'e', 'f'] and model.palette[2] == [2, 2, 2]
    assert (model.bands, model.window) == (3, 128) and not model.reverses_bands
    assert model.band_names == ['red', 'green', 'blue'] and model.loading == {}
    images = torch.randint(0, 256, (2, 3, 64, 96)).float()
    found = model.probabilities(images)
    assert found.shape == (2, 6, 64, 96) and found.sum(1).numpy() == pytest.approx(1, abs=1e-5)
    network.eval()
    data = network.data_preprocessor({'inputs': list(images), 'data_samples': None}, False)
    meta = [dict(ori_shape=(64, 96), img_shape=(64, 96), pad_shape=(64, 96))] * 2
    with torch.no_grad():
        expected = network.encode_decode(torch.stack(list(data['inputs'])), meta).softmax(1)
    np.testing.assert_allclose(found.numpy(), expected.numpy(), atol=1e-5)


def test_images_of_a_foreign_pipeline_are_bgr(cfg, save):
    images = torch.randint(0, 256, (1, 3, 64, 64)).float()
    path, _ = save()
    expected = load_model(path, device='cpu').probabilities(images.flip(1))
    pipeline = [dict(type='LoadImageFromFile'), dict(type='PackSegInputs')]
    cfg.test_dataloader.dataset.pipeline = pipeline
    content = torch.load(path, weights_only=True)
    content['meta']['cfg'] = cfg.pretty_text
    torch.save(content, path)
    model = load_model(path, device='cpu')
    assert model.reverses_bands
    np.testing.assert_array_equal(model.probabilities(images).numpy(), expected.numpy())


def test_how_images_are_loaded_is_recorded(cfg, save):
    step = dict(type='glcnet_plugin.LoadRSImage', bands=[2, 1, 0], nodata_fill=7.0)
    cfg.test_dataloader.dataset.pipeline = [step, dict(type='PackSegInputs')]
    cfg.model.test_cfg = dict(mode='slide', crop_size=(96, 96), stride=(64, 64))
    cfg.train_dataloader.dataset.pipeline = [step]
    model = load_model(save()[0], device='cpu')
    assert model.loading == {'bands': [2, 1, 0], 'nodata_fill': 7.0} and model.window == 96


@pytest.mark.parametrize(
    ('test_cfg', 'tile_side', 'window'),
    [
        (dict(mode='whole'), 256, 256),  # the map of a probe lost 0.14 of Kappa with 128
        (dict(mode='whole'), None, 128),
        (dict(mode='slide', crop_size=(96, 96), stride=(64, 64)), 256, 96),
        (dict(mode='slide', crop_size=(256, 256), stride=(170, 170)), 160, 160),  # scored whole
        (dict(mode='whole', crop_size=(96, 96)), 256, 256),  # left over from another mode
        (dict(mode='whole'), 5000, 1024),  # a scene that was not cut
    ],
)
def test_windows_have_the_size_of_what_is_scored(cfg, save, test_cfg, tile_side, window):
    cfg.model.test_cfg = test_cfg
    assert load_model(save({'tile_side': tile_side})[0], device='cpu').window == window


def test_bands_that_the_config_names_are_found_in_files_without_names(cfg, save):
    """Each window was unreadable, and the whole map nodata."""
    chosen = dict(bands=['b', 'r', 'g'], band_names=['r', 'g', 'b', 'nir'])
    cfg.test_dataloader.dataset.pipeline[1].update(chosen)
    assert load_model(save()[0], device='cpu').loading == {'bands': [2, 0, 1]}


def test_what_a_checkpoint_lacks_is_named(save, tmp_path, cfg):
    with pytest.raises(DataError, match='x.pth holds no config: give the config file'):
        load_model(save(text='')[0])
    with pytest.raises(DataError, match='names 2 classes, but its network has 6: a, b'):
        load_model(save({'dataset_meta': {'classes': ['a', 'b']}})[0], device='cpu')
    path, _ = save({'dataset_meta': None})
    assert load_model(path, device='cpu').classes[5] == 'class_5'
    assert len({tuple(c) for c in load_model(path, device='cpu').palette}) == 6
    short = {'classes': ['a', 'b', 'c', 'd', 'e', 'f'], 'palette': [[0, 0, 0]]}
    assert len(load_model(save({'dataset_meta': short})[0], device='cpu').palette) == 6
    content = torch.load(path, weights_only=True)
    del content['state_dict']['backbone.conv1.weight']
    torch.save(content, path)
    with pytest.raises(CheckpointMismatchError, match=r"missing \['backbone.conv1.weight'\]"):
        load_model(path)


def test_a_pretraining_has_no_classes(save, request):
    root = request.config.rootpath
    text = Config.fromfile(root / 'configs/glcnet/glcnet_r18w16-d3plus_1xb32-60e_demo.py')
    with pytest.raises(ConfigError, match='of a pretraining. Fit its classifier by tools/fit_pr'):
        load_model(save(text=text.pretty_text)[0])


def test_mmseg_predicts_images_without_labels(save, cfg, tmp_path, mmseg_scope):
    """It ended with KeyError: 'seg_map_path'."""
    path, _ = save()
    ours = load_model(path, device='cpu')
    pixels = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
    write_image(tmp_path / 'tile', pixels)
    (file,) = tmp_path.glob('tile.*')
    network = ours.network
    network.cfg = cfg
    sample = inference_model(network, str(file))
    image = torch.from_numpy(pixels).permute(2, 0, 1)[None].float()
    expected = ours.probabilities(image)[0].argmax(0)
    assert torch.equal(sample.pred_sem_seg.data[0], expected)
    sample = inference_model(network, imread(file))
    assert torch.equal(sample.pred_sem_seg.data[0], expected)


def test_the_inferencer_of_mmseg_predicts_files_and_arrays(save, cfg, tmp_path):
    """It ended with: LoadImageFromFile is not found in the test pipeline."""
    path, _ = save()
    pixels = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
    file = str(write_image(tmp_path / 'tile', pixels))
    expected = load_model(path, device='cpu').predict(pixels)
    cfg.dump(tmp_path / 'dumped.py')
    with DefaultScope.overwrite_default_scope('mmseg'):
        for config in (cfg.filename, str(tmp_path / 'dumped.py')):
            predict = MMSegInferencer(config, str(path), device='cpu')
            for image in (file, imread(file)):
                result = predict(image, return_vis=True)
                np.testing.assert_array_equal(result['predictions'], expected)
                assert result['visualization'].shape == (64, 96, 3)


@pytest.mark.parametrize('name', ['glcnet/glcnet_r18w16-d3plus', 'baselines/simclr/simclr_r18w16'])
def test_the_extractor_of_mmpretrain_takes_pretrainings(name, request, tmp_path):
    """It ended with: no attribute 'test_dataloader'."""
    file = request.config.rootpath / f'configs/{name}_1xb32-60e_demo.py'
    config = Config.fromfile(file)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        network = MODELS.build(config.model).eval()
        torch.save({'state_dict': network.state_dict()}, tmp_path / 'x.pth')
        extract = FeatureExtractor(str(file), pretrained=str(tmp_path / 'x.pth'), device='cpu')
        pixels = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
        found = extract(str(write_image(tmp_path / 'tile', pixels)))[0]
    image = torch.from_numpy(pixels).permute(2, 0, 1)[None].float()
    data = {'inputs': image, 'data_samples': [DataSample()]}
    with torch.no_grad():
        expected = network.extract_feat(network.data_preprocessor(data)['inputs'])
    assert len(found) == len(expected)
    for own, map_ in zip(found, expected, strict=True):
        torch.testing.assert_close(own, map_[0])
    assert not any(config.get(f'val_{key}') for key in ('dataloader', 'cfg', 'evaluator'))


def test_weights_of_a_training_that_diverged_are_refused(save):
    path, _ = save()
    content = torch.load(path, weights_only=True)
    content['state_dict']['decode_head.conv_seg.bias'][0] = torch.nan
    torch.save(content, path)
    with pytest.raises(DataError, match='holds NaN in 1 of .*: its training diverged'):
        load_model(path, device='cpu')


def test_how_images_of_several_data_sets_are_loaded_is_recorded(cfg, save):
    step = dict(type='glcnet_plugin.LoadRSImage', bands=[2, 1, 0])
    inner = dict(type='A', pipeline=[step, dict(type='PackSegInputs')])
    cfg.test_dataloader.dataset = dict(
        _delete_=True, type='RepeatDataset', times=1,
        dataset=dict(type='ConcatDataset', datasets=[inner, inner]),
    )  # fmt: skip
    assert load_model(save()[0], device='cpu').loading == {'bands': [2, 1, 0]}


@pytest.mark.parametrize('name', ['gpu', 'cuda:99'])
def test_devices_that_cannot_be_used_are_refused_first(name):
    """They ended with a RuntimeError, after the network was built."""
    assert usable_device('cpu') == torch.device('cpu')
    with pytest.raises(ConfigError, match=f"device '{name}' cannot be used .*: choose from .*cpu"):
        load_model('no_such.pth', device=name)


def test_a_config_that_is_missing_is_named(save):
    with pytest.raises(ConfigError, match='cannot read the config nope.py'):
        load_model(save()[0], 'nope.py', 'cpu')
