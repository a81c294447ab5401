import hashlib

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope

from glcnet_plugin.checkpoints.export import describe, export_weights, read_config
from glcnet_plugin.checkpoints.loading import load_pretrained
from glcnet_plugin.errors import CheckpointMismatchError, ConfigError, StorageError


@pytest.fixture
def checkpoint(tiny_glcnet, tmp_path, mmpretrain_scope):
    """What pretraining leaves: weights, optimiser state, facts."""
    model = MODELS.build(tiny_glcnet)
    optimizer = torch.optim.Adam(model.parameters())
    meta = {
        'epoch': 7,
        'iter': 70,
        'cfg': Config(dict(model=tiny_glcnet)).pretty_text,
        'mmengine_version': '0.10.7',
        'bands': {'names': None, 'mean': [127.5] * 3, 'std': [80.0] * 3},
        'git_hash': 'f' * 40,
        'data': {'images': 2, 'sha256': '0' * 64},
    }
    content = {'state_dict': model.state_dict(), 'meta': meta, 'optimizer': optimizer.state_dict()}
    path = tmp_path / 'run/epoch_7.pth'
    path.parent.mkdir()
    torch.save(content, path)
    return str(path)


def segmentor(glcnet, mean=127.5):
    with DefaultScope.overwrite_default_scope('mmseg'):
        return MODELS.build(
            dict(
                type='EncoderDecoder',
                data_preprocessor=dict(
                    type='glcnet_plugin.RSSegDataPreProcessor', mean=[mean] * 3, std=[80.0] * 3
                ),
                backbone=glcnet['backbone'],
                decode_head=dict(glcnet['decode_head'], num_classes=5),
            )
        )


@pytest.mark.parametrize('scope', ['backbone', 'encoder', 'encoder_decoder'])
def test_loading_the_export_equals_loading_the_checkpoint(tiny_glcnet, checkpoint, tmp_path, scope):
    report = export_weights(checkpoint, tmp_path / 'out', scope)
    direct = segmentor(tiny_glcnet)
    exported = segmentor(tiny_glcnet)
    exported.load_state_dict(direct.state_dict())
    first = load_pretrained(direct, checkpoint, scope)
    second = load_pretrained(exported, str(report.path), scope)
    assert second.matched == first.matched == report.exported
    for key, value in direct.state_dict().items():
        assert torch.equal(value, exported.state_dict()[key]), key


def test_differences_of_the_bands_are_still_seen(tiny_glcnet, checkpoint, tmp_path):
    path = str(export_weights(checkpoint, tmp_path).path)
    assert load_pretrained(segmentor(tiny_glcnet), path).warnings == []
    (warning,) = load_pretrained(segmentor(tiny_glcnet, mean=100.0), path).warnings
    assert 'mean was [127.5, 127.5, 127.5]' in warning


def test_the_file_has_tensors_and_plain_facts_and_a_name_that_fits(checkpoint, tmp_path):
    report = export_weights(checkpoint, tmp_path / 'out', name='pond')
    digest = hashlib.sha256(report.path.read_bytes()).hexdigest()
    assert report.path.name == f'pond-{digest[:8]}.pth'
    content = torch.load(report.path, weights_only=True)  # no allow-list
    assert set(content) == {'state_dict', 'meta'}
    assert not any(key.startswith(('style', 'local')) for key in content['state_dict'])
    meta = content['meta']
    assert meta['architecture']['backbone']['type'] == 'mmseg.ResNet'
    assert meta['architecture']['backbone']['depth'] == 18 and meta['scope'] == 'encoder'
    assert meta['architecture']['decode_head']['type'] == 'mmseg.DepthwiseSeparableASPPHead'
    assert meta['method']['type'] == 'glcnet_plugin.GLCNet'
    assert meta['method']['local_head']['region_size'] == 12
    assert meta['bands']['std'] == [80.0] * 3 and meta['epoch'] == 7 and meta['layout'] == 'mm'
    assert meta['git_hash'] == 'f' * 40 and meta['data']['images'] == 2
    assert Config.fromstring(meta['config'], '.py').model.backbone.depth == 18


def test_the_same_input_gives_the_same_name(checkpoint, tmp_path):
    first = export_weights(checkpoint, tmp_path / 'a').path
    second = export_weights(checkpoint, tmp_path / 'b').path
    assert first.name == second.name and first.read_bytes() == second.read_bytes()
    assert first.name.startswith('run_epoch_7_encoder-')


def test_an_export_can_be_exported_again(checkpoint, tmp_path):
    whole = export_weights(checkpoint, tmp_path, 'encoder_decoder').path
    meta = [
        torch.load(export_weights(str(path), tmp_path).path, weights_only=True)['meta']
        for path in (checkpoint, whole)
    ]
    for key in ('architecture', 'method', 'bands', 'config', 'data'):
        assert meta[0][key] == meta[1][key]


def test_what_is_exported_and_dropped(checkpoint, tmp_path):
    report = export_weights(checkpoint, tmp_path, 'encoder')
    state = torch.load(checkpoint, weights_only=True)['state_dict']
    assert set(report.exported) == {
        'backbone', 'decode_head.image_pool', 'decode_head.aspp_modules', 'decode_head.bottleneck'
    }  # fmt: skip
    assert report.dropped['decode_head.conv_seg'] == 2 and 'style_head' in report.dropped
    assert sum(report.exported.values()) + sum(report.dropped.values()) == len(state)


def test_a_part_of_a_larger_storage_does_not_bring_the_rest(tmp_path):
    large = torch.zeros(1_000_000)
    torch.save({'backbone.a': large[:2]}, tmp_path / 'x.pth')
    assert (tmp_path / 'x.pth').stat().st_size > 1_000_000
    path = export_weights(str(tmp_path / 'x.pth'), tmp_path, 'backbone').path
    assert path.stat().st_size < 10_000


@pytest.mark.parametrize('layout', ['torchvision', 'timm'])
def test_names_of_other_libraries(tiny_glcnet, checkpoint, tmp_path, layout):
    path = export_weights(checkpoint, tmp_path, layout=layout).path
    state = torch.load(path, weights_only=True)['state_dict']
    source = torch.load(checkpoint, weights_only=True)['state_dict']
    assert set(state) == {k.removeprefix('backbone.') for k in source if k.startswith('backbone.')}
    report = load_pretrained(segmentor(tiny_glcnet), str(path), 'backbone')  # and back
    assert report.layout == 'torchvision or timm ResNet'


def test_torchvision_takes_the_file(tmp_path, mmseg_scope):
    from torchvision.models import resnet18

    backbone = MODELS.build(dict(type='mmseg.ResNet', depth=18))
    torch.save(backbone.state_dict(prefix='backbone.'), tmp_path / 'x.pth')
    path = export_weights(str(tmp_path / 'x.pth'), tmp_path, layout='torchvision').path
    model = resnet18()
    model.fc = torch.nn.Identity()
    model.load_state_dict(torch.load(path, weights_only=True)['state_dict'], strict=True)
    assert torch.equal(model.layer4[1].conv2.weight, backbone.layer4[1].conv2.weight)


def test_layout_and_scope_must_go_together(checkpoint, tmp_path):
    with pytest.raises(ConfigError, match="'timm' has names for scope 'backbone' only, got 'enc"):
        export_weights(checkpoint, tmp_path, 'encoder', 'timm')


def test_unknown_layout(checkpoint, tmp_path):
    with pytest.raises(ConfigError, match="mm, torchvision, timm, got 'keras'"):
        export_weights(checkpoint, tmp_path, layout='keras')


def test_no_decode_head(tmp_path):
    torch.save({'backbone.a': torch.zeros(1)}, tmp_path / 'x.pth')
    with pytest.raises(CheckpointMismatchError, match="no decode head.*scope='backbone'"):
        export_weights(str(tmp_path / 'x.pth'), tmp_path)


def test_no_backbone(tmp_path):
    torch.save({'decode_head.a': torch.zeros(1)}, tmp_path / 'x.pth')
    with pytest.raises(CheckpointMismatchError, match="nothing of scope 'backbone'"):
        export_weights(str(tmp_path / 'x.pth'), tmp_path, 'backbone')


def test_a_folder_that_cannot_be_written(checkpoint, tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(StorageError, match='could not be written'):
        export_weights(checkpoint, tmp_path / 'file')


def test_a_checkpoint_without_facts():
    facts = describe({})
    assert facts['config'] is None and facts['method'] is None and facts['bands'] is None
    assert facts['architecture'] == {'backbone': None, 'neck': None, 'decode_head': None}


def test_configs_are_read_without_being_run(tmp_path):
    mark = tmp_path / 'mark'
    found = read_config(
        f'import os\nos.system("touch {mark}")\na = os.system("touch {mark}")\n'
        "model = dict(depth=50, sizes=(1, 2.5), odd=dict({'a-b': -1}), x=dict(f=len))\n"
    )
    assert not mark.exists()
    assert found['model'] == {'depth': 50, 'sizes': [1, 2.5], 'odd': {'a-b': -1}, 'x': {'f': 'len'}}
    assert found['a'] == f"os.system('touch {mark}')"


def test_the_text_of_a_real_config_is_read_as_mm_reads_it(request):
    path = next((request.config.rootpath / 'configs/glcnet').glob('*_demo.py'))
    config = Config.fromfile(path)
    found = read_config(config.pretty_text)

    def lists(value):
        if isinstance(value, dict):
            return {key: lists(item) for key, item in value.items()}
        return [lists(item) for item in value] if isinstance(value, list | tuple) else value

    assert found == lists(config.to_dict())


def test_a_text_that_is_no_config():
    assert read_config('this is not Python') == {}
