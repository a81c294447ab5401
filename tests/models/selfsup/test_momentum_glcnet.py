import copy
import math

import pytest
import torch
from mmengine.registry import MODELS
from mmpretrain.structures import DataSample

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.models.losses.contrastive import queue_nt_xent

LENGTH = 10


@pytest.fixture(autouse=True)
def _scope(mmpretrain_scope):
    """Build as a pretraining config does."""


@pytest.fixture
def config(tiny_glcnet):
    return dict(tiny_glcnet, type='glcnet_plugin.MomentumGLCNet', queue_length=LENGTH)


def batch(model, count=2, size=48, far=()):
    samples = []
    for index in range(count):
        matrix = torch.eye(3).repeat(2, 1, 1)
        matrix[1, 0, 2] = 1000.0 * (index in far)
        sample = DataSample()
        sample.set_field(matrix, 'view_matrix')
        samples.append(sample)
    views = [torch.randint(0, 256, (count, 3, size, size)).byte() for _ in range(2)]
    return model.data_preprocessor({'inputs': views, 'data_samples': samples}, True)


def test_loss_is_that_of_the_queue(config):
    model = MODELS.build(config)
    model.eval()  # so that running it again gives the same
    data = batch(model)
    queue = model.style_queue.clone()
    losses = model(**data, mode='loss')
    views = data['inputs']
    query = model.style_head.embed(model.forward_maps(views[0])[0])
    key = model.style_head.embed(model.forward_maps(views[1])[0])  # the average equals the model
    torch.testing.assert_close(losses['loss_style'], 0.5 * queue_nt_xent(query, key, queue))
    assert losses['chance_style'].item() == pytest.approx(0.5 * math.log(LENGTH))


def test_keys_enter_in_front_and_the_oldest_leave(config):
    model = MODELS.build(config)
    before = model.style_queue.clone(), model.local_queue.clone()
    model(**batch(model), mode='loss')
    assert torch.equal(model.style_queue[2:], before[0][: LENGTH - 2])
    assert torch.equal(model.local_queue[8:], before[1][: LENGTH - 8])  # 2 images, 4 regions
    assert not torch.isclose(model.local_queue[:8], before[1][:8]).all(1).any()


def test_a_batch_longer_than_the_queue(config):
    model = MODELS.build(dict(config, queue_length=3))
    losses = model(**batch(model, 4), mode='loss')
    assert model.local_queue.shape == (3, 64) and all(v.isfinite() for v in losses.values())


def test_target_follows_without_learning(config):
    model = MODELS.build(dict(config, momentum=0.25))
    data = batch(model)
    model.parse_losses(model(**copy.deepcopy(data), mode='loss'))[0].backward()
    learning = {n for n, p in model.named_parameters() if p.grad is not None}
    assert learning == {n for n, p in model.named_parameters() if not n.startswith('target.')}
    name = 'style_head.projector.0.weight'
    old = model.get_parameter(name).detach().clone()
    with torch.no_grad():
        model.get_parameter(name).add_(1.0)
    model(**data, mode='loss')
    expected = 0.75 * old + 0.25 * (old + 1)
    torch.testing.assert_close(model.get_parameter(f'target.module.{name}').data, expected)


def test_first_step_copies_weights_that_were_initialised_after_building(config):
    model = MODELS.build(config)
    torch.nn.init.constant_(model.backbone.conv1.weight, 0.25)
    model(**batch(model), mode='loss')
    assert (model.target.module.backbone.conv1.weight == 0.25).all()


def test_images_without_common_ground_do_not_count_locally(config):
    model = MODELS.build(config)
    losses = model(**batch(model, far=(0, 1)), mode='loss')
    assert losses['loss_local'].item() == 0 and losses['loss_style'].item() != 0


@pytest.mark.parametrize('left_out', ['style', 'local'])
def test_one_branch_alone(config, left_out):
    model = MODELS.build(dict(config, **{f'{left_out}_head': None}))
    losses = model(**batch(model), mode='loss')
    (kept,) = {'style', 'local'} - {left_out}
    assert set(losses) == {f'loss_{kept}', f'chance_{kept}'}
    assert not hasattr(model, f'{left_out}_queue')


def test_checkpoint_fits_the_segmentation_network(config, tmp_path):
    from glcnet_plugin.checkpoints.loading import load_pretrained

    path = str(tmp_path / 'x.pth')
    torch.save({'state_dict': MODELS.build(config).state_dict(), 'meta': {}}, path)
    segmentor = MODELS.build(
        dict(
            type='mmseg.EncoderDecoder',
            backbone=config['backbone'],
            decode_head=dict(config['decode_head'], num_classes=3),
        )
    )
    report = load_pretrained(segmentor, path, 'encoder_decoder')
    assert sum(report.matched.values()) == len(segmentor.state_dict()) - 2


@pytest.mark.parametrize('momentum', [0.0, 1.5])
def test_momentum_outside_its_range(config, momentum):
    with pytest.raises(ConfigError, match=rf'\(0, 1\], got {momentum}'):
        MODELS.build(dict(config, momentum=momentum))


def test_empty_queue(config):
    with pytest.raises(ConfigError, match='queue_length must be at least 1, got 0'):
        MODELS.build(dict(config, queue_length=0))


def test_exclusion_is_refused(config):
    config['local_head'] = dict(config['local_head'], exclude='image')
    with pytest.raises(ConfigError, match="local_head has exclude='image'"):
        MODELS.build(config)


def test_the_average_moves_once_per_step_of_the_optimizer(config):
    """Also where gradients are accumulated over batches, or a step is skipped."""
    model = MODELS.build(dict(config, momentum=0.5))
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], 0.1)
    data = batch(model)
    for _ in range(3):  # batches of one step
        sum(v for k, v in model(**data, mode='loss').items() if 'loss' in k).backward()
    name, online = next(iter(model.backbone.named_parameters()))
    average = model.target.module['backbone'].get_parameter(name)
    before = online.detach().clone()
    assert model.target.steps == 1 and torch.equal(average, before)
    optimizer.step()
    for _ in range(3):
        model(**data, mode='loss')
    assert model.target.steps == 2
    torch.testing.assert_close(average, (before + online) / 2)
    optimizer.zero_grad()
    optimizer.step()  # without gradients, as a guard leaves it, it changes nothing
    model(**data, mode='loss')
    assert model.target.steps == 2


def test_stages_of_the_backbone_are_refused(config):
    with pytest.raises(ConfigError, match='no local_stages: leave them out'):
        MODELS.build(dict(config, local_stages=[3]))
