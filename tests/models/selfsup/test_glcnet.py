import copy
import math

import pytest
import torch
from mmengine.registry import MODELS
from mmpretrain.structures import DataSample

from glcnet_plugin.errors import ConfigError, DataError


@pytest.fixture(autouse=True)
def _scope(mmpretrain_scope):
    """Every test of this file builds as a pretraining config does."""


def batch(count=4, size=48, bands=3):
    samples = []
    for _ in range(count):
        sample = DataSample()
        sample.set_field(torch.eye(3).repeat(2, 1, 1), 'view_matrix')
        samples.append(sample)
    views = [torch.randint(0, 256, (count, bands, size, size)).byte() for _ in range(2)]
    return {'inputs': views, 'data_samples': samples}


def losses_of(model, data):
    return model(**model.data_preprocessor(data, True), mode='loss')


def test_losses_and_their_chance_levels(tiny_glcnet):
    model = MODELS.build(tiny_glcnet)
    losses = losses_of(model, batch())
    assert set(losses) == {'loss_style', 'chance_style', 'loss_local', 'chance_local'}
    assert losses['chance_style'].item() == pytest.approx(0.5 * math.log(2 * 4 - 2))
    assert losses['chance_local'].item() == pytest.approx(0.5 * math.log(2 * 16 - 2))


def test_total_is_the_sum_of_the_two_losses(tiny_glcnet):
    model = MODELS.build(tiny_glcnet)
    losses = losses_of(model, batch())
    total, log = model.parse_losses(losses)
    assert total.item() == pytest.approx((losses['loss_style'] + losses['loss_local']).item())
    assert 'chance_style' in log


def test_lambda_weighs_the_branches(tiny_glcnet):
    data = batch()
    parts = {}
    for weight in (0.5, 0.25):
        torch.manual_seed(0)
        model = MODELS.build(copy.deepcopy(dict(tiny_glcnet, lambda_global=weight)))
        torch.manual_seed(1)
        parts[weight] = losses_of(model, copy.deepcopy(data))
    torch.testing.assert_close(parts[0.25]['loss_style'], parts[0.5]['loss_style'] / 2)
    torch.testing.assert_close(parts[0.25]['loss_local'], parts[0.5]['loss_local'] * 1.5)


@pytest.mark.parametrize('left_out', ['style', 'local', None])
def test_every_parameter_gets_a_gradient(tiny_glcnet, left_out):
    if left_out is not None:
        tiny_glcnet[f'{left_out}_head'] = None
    model = MODELS.build(tiny_glcnet)
    losses = losses_of(model, batch())
    names = {'style', 'local'} - {left_out}
    assert {key for key in losses if 'loss' in key} == {f'loss_{name}' for name in names}
    model.parse_losses(losses)[0].backward()
    idle = {n for n, p in model.named_parameters() if p.grad is None}
    assert idle == {n for n, p in model.named_parameters() if not p.requires_grad}
    # without the local branch, what follows the encoder map has nothing to learn
    decoder = ('decode_head.c1_', 'decode_head.sep_', 'decode_head.conv_seg')
    assert all(name.startswith(decoder) for name in idle)
    assert bool(idle) == (left_out == 'local')


def test_a_branch_alone_has_the_full_weight(tiny_glcnet):
    model = MODELS.build(dict(tiny_glcnet, local_head=None))
    assert losses_of(model, batch())['chance_style'].item() == pytest.approx(math.log(6))


def test_views_pass_the_network_in_one_batch(tiny_glcnet):
    model = MODELS.build(tiny_glcnet)
    sizes = []
    model.backbone.register_forward_pre_hook(lambda module, args: sizes.append(len(args[0])))
    losses_of(model, batch(count=3))
    assert sizes == [6]


def test_style_source_is_the_map_that_is_described(tiny_glcnet):
    model = MODELS.build(tiny_glcnet).eval()
    x = torch.rand(2, 3, 48, 48)
    encoder_map, dense_map = model.forward_maps(x)
    stages = model.backbone(x)
    assert encoder_map.shape == (2, 16, 3, 3) and dense_map.shape == (2, 12, 12, 12)
    torch.testing.assert_close(dense_map, model.decode_head(stages))
    model.style_source = 'backbone'
    torch.testing.assert_close(model.forward_maps(x)[0], stages[-1])


def test_style_alone_needs_no_decode_head(tiny_glcnet):
    config = dict(tiny_glcnet, decode_head=None, local_head=None, style_source=None)
    config['style_head'] = dict(type='glcnet_plugin.StyleContrastHead', in_channels=128)
    model = MODELS.build(config)
    losses = losses_of(model, batch())
    model.parse_losses(losses)[0].backward()
    assert set(losses) == {'loss_style', 'chance_style'}


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_trains_under_autocast(tiny_glcnet, dtype):
    model = MODELS.build(tiny_glcnet)
    try:
        with torch.autocast('cpu', dtype):
            pass
    except RuntimeError as error:
        pytest.skip(f'torch {torch.__version__}: {error}')
    with torch.autocast('cpu', dtype):
        losses = losses_of(model, batch())
    assert all(value.dtype == torch.float32 and value.isfinite() for value in losses.values())


def test_loss_falls_on_one_repeated_batch(tiny_glcnet):
    model = MODELS.build(tiny_glcnet)
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    data, history = batch(), []
    for _ in range(15):
        loss, _ = model.parse_losses(losses_of(model, copy.deepcopy(data)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        history.append(loss.item())
    assert history[-1] < history[0] - 0.3


@pytest.mark.parametrize('weight', [-0.1, 1.1])
def test_lambda_outside_its_range(tiny_glcnet, weight):
    with pytest.raises(ConfigError, match=rf'\[0, 1\], got {weight}'):
        MODELS.build(dict(tiny_glcnet, lambda_global=weight))


def test_both_heads_missing(tiny_glcnet):
    with pytest.raises(ConfigError, match='got neither'):
        MODELS.build(dict(tiny_glcnet, style_head=None, local_head=None))


def test_local_head_without_decode_head(tiny_glcnet):
    with pytest.raises(ConfigError, match='decode_head, which is missing'):
        MODELS.build(dict(tiny_glcnet, decode_head=None))


def test_unknown_style_source_lists_what_exists(tiny_glcnet):
    with pytest.raises(ConfigError, match=r"'decode_head.aspp'.*decode_head.bottleneck"):
        MODELS.build(dict(tiny_glcnet, style_source='decode_head.aspp'))


def test_style_source_that_gives_no_map(tiny_glcnet):
    with pytest.raises(ConfigError, match='must give one .* gave list: name a submodule'):
        MODELS.build(dict(tiny_glcnet, style_source='decode_head.aspp_modules'))


def test_wrong_number_of_bands(tiny_glcnet):
    model = MODELS.build(tiny_glcnet)
    with pytest.raises(DataError, match='4 bands, but the data preprocessor has 3 means'):
        losses_of(model, batch(bands=4))


def test_backbone_for_other_bands(tiny_glcnet):
    tiny_glcnet['backbone']['in_channels'] = 4
    with pytest.raises(ConfigError, match='takes 4 bands.*3 means: set in_channels=3'):
        MODELS.build(tiny_glcnet)


def test_region_larger_than_the_view(tiny_glcnet):
    tiny_glcnet['local_head']['region_size'] = 50
    with pytest.raises(ConfigError, match='48x48 views.*got 50'):
        losses_of(MODELS.build(tiny_glcnet), batch())


def test_samples_without_geometry(tiny_glcnet):
    data = batch()
    data['data_samples'] = [DataSample() for _ in range(4)]
    with pytest.raises(DataError, match=r'PackInputs\(algorithm_keys'):
        losses_of(MODELS.build(tiny_glcnet), data)


def test_one_view_only(tiny_glcnet):
    data = batch()
    data['inputs'] = data['inputs'][:1]
    with pytest.raises(DataError, match='got 1: use TwoViews'):
        losses_of(MODELS.build(tiny_glcnet), data)


def test_misspelt_key(tiny_glcnet):
    with pytest.raises(TypeError, match='lamda'):
        MODELS.build(dict(tiny_glcnet, lamda=0.5))


def test_widths_of_the_heads_follow_from_the_network(tiny_glcnet):
    for key in ('decode_head', 'style_head', 'local_head'):
        tiny_glcnet[key] = {k: v for k, v in tiny_glcnet[key].items() if 'in_channels' not in k}
    model = MODELS.build(tiny_glcnet)
    assert (model.style_head.in_channels, model.local_head.in_channels) == (32, 12)


@pytest.mark.parametrize(('head', 'width'), [('style_head', 32), ('local_head', 12)])
def test_width_of_a_head_that_does_not_fit(tiny_glcnet, head, width):
    tiny_glcnet[head]['in_channels'] = 7
    with pytest.raises(ConfigError, match=f'{head} has in_channels=7.*set in_channels={width}'):
        MODELS.build(tiny_glcnet)


def test_auxiliary_head_is_refused(tiny_glcnet):
    auxiliary = dict(type='mmseg.FCNHead', in_channels=32, channels=4, num_classes=2)
    with pytest.raises(ConfigError, match='auxiliary_head learns from labels'):
        MODELS.build(dict(tiny_glcnet, auxiliary_head=auxiliary))


def test_stages_of_the_backbone_are_compared_too(tiny_glcnet):
    model = MODELS.build(dict(tiny_glcnet, local_stages=[1, 3], lambda_global=0.4))
    losses = losses_of(model, batch())
    assert {key for key in losses if 'loss' in key} == {
        'loss_style', 'loss_local', 'loss_stage1', 'loss_stage3',
    }  # fmt: skip
    chance = torch.tensor(0.6 / 3 * math.log(2 * 16 - 2))
    for name in ('local', 'stage1', 'stage3'):
        torch.testing.assert_close(losses[f'chance_{name}'], chance)
    assert (model.stage1_head.in_channels, model.stage3_head.in_channels) == (16, 64)
    assert set(model.branch_outputs) == {'style', 'local', 'stage1', 'stage3'}
    model.parse_losses(losses)[0].backward()
    assert all(p.grad is not None for p in model.parameters() if p.requires_grad)


def test_the_loss_of_a_stage_is_that_of_its_map(tiny_glcnet):
    model = MODELS.build(dict(tiny_glcnet, local_stages=[3])).eval()
    data = model.data_preprocessor(batch(), True)
    seen = []
    embed = model.stage3_head.embed
    model.stage3_head.embed = lambda *args: seen.append(args) or embed(*args)
    model(**data, mode='loss')
    (stage, _, size, corners) = seen[0]
    torch.testing.assert_close(stage, model.backbone(torch.cat(data['inputs']))[3])
    assert size == (48, 48) and corners is False


def test_a_frozen_stage_is_compared(tiny_glcnet):
    frozen = dict(tiny_glcnet['backbone'], frozen_stages=1)
    model = MODELS.build(dict(tiny_glcnet, backbone=frozen, local_stages=[0]))
    model.parse_losses(losses_of(model, batch()))[0].backward()
    assert all(p.grad is not None for p in model.parameters() if p.requires_grad)


def test_a_stage_that_the_backbone_does_not_pass_on(tiny_glcnet):
    with pytest.raises(ConfigError, match='has 4, but the backbone passes on 4 maps.*0 to 3'):
        MODELS.build(dict(tiny_glcnet, local_stages=[2, 4]))


def test_stages_without_a_local_head(tiny_glcnet):
    with pytest.raises(ConfigError, match='heads like local_head, which is missing'):
        MODELS.build(dict(tiny_glcnet, local_head=None, local_stages=[3]))
