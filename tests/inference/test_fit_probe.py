import shutil

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmengine.config import Config
from mmengine.registry import DefaultScope
from PIL import Image

from glcnet_plugin.checkpoints.loading import scope_filter
from glcnet_plugin.datasets.io.folder_format import image_files
from glcnet_plugin.datasets.io.masks import read_mask
from glcnet_plugin.engine.hooks.probe_init import ClassifierInput
from glcnet_plugin.engine.labelled_tiles import labelled_samples
from glcnet_plugin.engine.probe_sets import choose_pixels, extract
from glcnet_plugin.errors import ConfigError
from glcnet_plugin.evaluation.pixel_sampling import pixels_per_tile
from glcnet_plugin.evaluation.probe import fit_linear
from glcnet_plugin.inference.fit_probe import fit_probe
from glcnet_plugin.inference.loading import load_model
from glcnet_plugin.inference.scene import predict_scene
from glcnet_plugin.models.utils import capture_input

pytestmark = pytest.mark.slow


def test_the_checkpoint_gives_the_probabilities_of_scikit_learn(scenes, tmp_path, base, pretrained):
    path = fit_probe(str(pretrained[0]), scenes, tmp_path / 'probe', base)
    (log,) = (tmp_path / 'probe').glob('*/*.log')  # nothing about a training
    assert not any(w in log.read_text() for w in ('paramwise_options', 'save_param_scheduler'))
    model = load_model(path, device='cpu')
    weights = pretrained[1].state_dict()
    loaded = model.network.state_dict()
    assert torch.equal(loaded['backbone.conv1.weight'], weights['backbone.conv1.weight'])
    assert model.network.data_preprocessor.mean.flatten().tolist() == [100.0, 110.0, 120.0]
    assert len(model.classes) == 6 and model.classes[3] == 'road'
    assert model.window == 160  # of the tiles, not of the crops of a training

    cfg = Config.fromfile(tmp_path / 'probe' / base.name)
    with DefaultScope.overwrite_default_scope('mmseg'):
        from mmengine.registry import DATASETS

        dataset = DATASETS.build(cfg.train_dataloader.dataset)
    count = pixels_per_tile(len(dataset))
    tiles = [choose_pixels(sample, count) for sample in labelled_samples(dataset)]
    features, labels = extract(ClassifierInput(model.network), tiles)
    probe = fit_linear(features, labels)
    layer = model.network.decode_head.conv_seg
    with torch.no_grad():
        logits = torch.from_numpy(features).float() @ layer.weight[:, :, 0, 0].T + layer.bias
    seen = np.unique(labels)
    ours = logits[:, seen].softmax(1).numpy()
    np.testing.assert_allclose(ours, probe.predict_proba(features), atol=1e-4)

    name, file = next(iter(image_files(scenes / 'images').items()))
    truth = read_mask(scenes / f'masks/{name}.png')
    from glcnet_plugin.datasets.io.images import read_image

    image = torch.from_numpy(read_image(str(file))).permute(2, 0, 1)[None].float()
    predicted = model.probabilities(image)[0].argmax(0).numpy()
    assert (predicted == truth).mean() > 0.5  # even of random weights: it was fitted to this tile


@pytest.fixture
def decoder_base(request):
    name = 'd3plus_r18w16_1xb8-300i_few-labels.py'
    return request.config.rootpath / f'configs/downstream/{name}'


def test_the_decoder_is_that_of_the_pretraining(scenes, tmp_path, decoder_base, pretrained):
    """Its features came from random weights, without a word."""
    path = fit_probe(str(pretrained[0]), scenes, tmp_path / 'probe', decoder_base)
    trained, loaded = pretrained[1].state_dict(), load_model(path, device='cpu').network
    parts = {k: v for k, v in loaded.state_dict().items() if not k.endswith('num_batches_tracked')}
    fitted = {key for key in parts if key.startswith('decode_head.conv_seg.')}
    assert len(fitted) == 2 and any(key.startswith('decode_head.bottleneck.') for key in parts)
    for key in parts.keys() - fitted:
        assert torch.equal(parts[key], trained[key]), key
    assert parts['decode_head.conv_seg.weight'].shape[0] == 6


def test_stages_and_dense_map_are_read_where_the_checkpoint_has_one(scenes, tmp_path, pretrained):
    path = fit_probe(str(pretrained[0]), scenes, tmp_path / 'probe')
    network, trained = load_model(path, device='cpu').network, pretrained[1].eval()
    head, image = network.decode_head, torch.rand(1, 3, 64, 64)
    with torch.no_grad(), capture_input(head.conv_seg) as features:
        network(image)
        stages = trained.backbone(image)
        _, dense = trained.forward_maps(image)
    size = stages[0].shape[2:]
    parts = [F.interpolate(m, size=size, mode='bilinear') for m in (*stages, dense)]
    torch.testing.assert_close(features[0], torch.cat(parts, 1))
    assert head.conv_seg.out_channels == 6


def test_stages_alone_are_read_where_it_has_none(scenes, tmp_path, pretrained):
    content = torch.load(pretrained[0], weights_only=True)
    cfg = Config.fromstring(content['meta']['cfg'], '.py')
    cfg.model.local_head = None
    content['meta']['cfg'] = cfg.pretty_text
    torch.save(content, pretrained[0])
    network = load_model(fit_probe(str(pretrained[0]), scenes, tmp_path), device='cpu').network
    assert type(network.decode_head).__name__ == 'LinearHead'


@pytest.mark.parametrize('scope', ['backbone', 'encoder', 'encoder_decoder'])
def test_an_exported_file_without_the_dense_map_gives_a_probe(scenes, tmp_path, pretrained, scope):
    keep, content = scope_filter(pretrained[1].state_dict(), scope), torch.load(pretrained[0])
    content['state_dict'] = {k: v for k, v in content['state_dict'].items() if keep(k)}
    torch.save(content, pretrained[0])
    network = load_model(fit_probe(str(pretrained[0]), scenes, tmp_path), device='cpu').network
    assert type(network.decode_head).__name__ == 'LinearHead'


def test_a_decode_head_that_is_not_registered_here_gives_a_probe(scenes, tmp_path, pretrained):
    """One of the user's own: a checkpoint is read without importing what it names."""
    content = torch.load(pretrained[0])
    cfg = Config.fromstring(content['meta']['cfg'], '.py')
    cfg.model.decode_head.type = 'OwnHead'
    content['meta']['cfg'] = cfg.pretty_text
    torch.save(content, pretrained[0])
    network = load_model(fit_probe(str(pretrained[0]), scenes, tmp_path), device='cpu').network
    assert type(network.decode_head).__name__ == 'LinearHead'


def test_a_decoder_that_the_checkpoint_lacks_is_not_left_random(
    scenes, tmp_path, decoder_base, pretrained
):
    content = torch.load(pretrained[0], weights_only=True)
    state = content['state_dict']
    content['state_dict'] = {k: v for k, v in state.items() if k.startswith('backbone.')}
    torch.save(content, pretrained[0])
    with pytest.raises(ConfigError, match='holds no decode head.*linear head'):
        fit_probe(str(pretrained[0]), scenes, tmp_path / 'probe', decoder_base)
    assert not (tmp_path / 'probe/probe.pth').exists()


def test_a_config_without_the_probe_is_refused(scenes, tmp_path, request):
    other = request.config.rootpath / 'configs/downstream/d3plus_r18w16_1xb8-120i_demo.py'
    with pytest.raises(ConfigError, match='has no default_hooks.probe_init: use a few-labels'):
        fit_probe('x.pth', scenes, tmp_path, other)


def test_the_optimizer_of_the_fine_tuning_is_not_built(
    scenes, tmp_path, base, pretrained, monkeypatch
):
    """Constructors of layer-wise rates need settings, and know few backbones."""
    other = tmp_path / 'layers.py'
    constructor = 'LearningRateDecayOptimizerConstructor'
    rates = f'optim_wrapper = dict(constructor={constructor!r}, paramwise_cfg=dict(num_layers=2))'
    other.write_text(f'_base_ = {str(base)!r}\n{rates}\n')
    built = []
    monkeypatch.setattr(
        'glcnet_plugin.inference.fit_probe.ConsoleRunner.from_cfg',
        lambda cfg: built.append(cfg) or (_ for _ in ()).throw(KeyboardInterrupt),
    )
    with pytest.raises(KeyboardInterrupt):
        fit_probe(str(pretrained[0]), scenes, tmp_path / 'probe', other)
    assert built[0].optim_wrapper == {'optimizer': {'type': 'SGD', 'lr': 0.0}}


def test_bands_are_read_in_the_order_of_the_pretraining(scenes, tmp_path, base, pretrained):
    """They came in the order of the file, as many, and nobody noticed."""
    content = torch.load(pretrained[0], weights_only=True)
    step = "dict(type='glcnet_plugin.LoadRSImage', bands=[2, 1, 0])"
    text = f'train_dataloader = dict(dataset=dict(pipeline=[{step}]))\n'
    content['meta']['cfg'] = f'{content["meta"]["cfg"]}\n{text}'
    torch.save(content, pretrained[0])
    path = fit_probe(str(pretrained[0]), scenes, tmp_path / 'probe', base)
    cfg = Config.fromfile(tmp_path / 'probe' / base.name)
    for loader in (cfg.train_dataloader, cfg.val_dataloader, cfg.test_dataloader):
        (reader,) = (s for s in loader.dataset.pipeline if s.type == 'glcnet_plugin.LoadRSImage')
        assert reader.bands == [2, 1, 0]
    assert load_model(path, device='cpu').loading == {'bands': [2, 1, 0]}


def test_a_probe_of_sparse_labels_predicts_scenes(scenes, tmp_path, base, pretrained):
    """Of each tile, only some pixels are drawn."""
    for part in ('images', 'masks'):
        shutil.copytree(scenes / part, tmp_path / 'drawn' / part)
    for name in ('classes.json', 'manifest.csv'):
        shutil.copy(scenes / name, tmp_path / 'drawn')
    for path in (tmp_path / 'drawn/masks').iterdir():
        mask = read_mask(path)
        drawn = np.full_like(mask, 255)
        drawn[40:44], drawn[100:120, 20:30] = mask[40:44], mask[100:120, 20:30]
        Image.fromarray(drawn).save(path)
    path = fit_probe(str(pretrained[0]), tmp_path / 'drawn', tmp_path / 'probe', base)
    image = next(iter(image_files(scenes / 'images').values()))
    report = predict_scene(image, load_model(path, device='cpu'), tmp_path / 'maps')
    assert sum(report.pixels.values()) == 160 * 160 and report.nodata == 0
    assert sum(count > 0 for count in report.pixels.values()) > 1
