import copy

import pytest
import torch
from mmengine.registry import MODELS

from glcnet_plugin.checkpoints.loading import load_pretrained
from glcnet_plugin.errors import ConfigError, DataError


@pytest.fixture(autouse=True)
def _scope(mmpretrain_scope):
    """Every test of this file builds as a pretraining config does."""


def config(tiny_glcnet, bands=3, **more):
    keep = {key: tiny_glcnet[key] for key in ('backbone', 'decode_head')}
    keep = copy.deepcopy(keep)
    keep['backbone']['in_channels'] = keep['decode_head']['num_classes'] = bands
    statistics = dict(mean=[127.5] * bands, std=[80.0] * bands)
    return dict(
        type='glcnet_plugin.Inpainting',
        data_preprocessor=statistics,
        num_holes=4,
        hole_size=8,
        **keep,
        **more,
    )


def batch(count=2, bands=3, size=48):
    views = [torch.randint(0, 256, (count, bands, size, size)).byte() for _ in range(2)]
    return {'inputs': views, 'data_samples': None}


def losses_of(model, data):
    return model(**model.data_preprocessor(data, True), mode='loss')


@pytest.mark.parametrize('bands', [3, 4])
def test_every_parameter_gets_a_gradient(tiny_glcnet, bands):
    model = MODELS.build(config(tiny_glcnet, bands))
    losses = losses_of(model, batch(bands=bands))
    assert set(losses) == {'loss_holes', 'loss_rest'}
    total, _ = model.parse_losses(losses)
    total.backward()
    assert total.isfinite()
    assert [n for n, p in model.named_parameters() if p.grad is None] == []


def test_weights_and_views(tiny_glcnet, monkeypatch):
    """A network that answers 0 leaves the mean square of the images, weighted."""
    model = MODELS.build(config(tiny_glcnet, hole_weight=0.75))
    seen = []

    def answer(x):
        seen.append(x)
        return None, torch.zeros(len(x), 3, 12, 12)

    monkeypatch.setattr(model, 'forward_maps', answer)
    views = [torch.full((2, 3, 48, 48), value) for value in (1.0, 3.0)]
    losses = model.loss(views, [])
    assert len(seen[0]) == 4  # both views, in one batch
    holes = seen[0][:, :1] == 0
    inside = sum(v * holes[i].sum() for i, v in enumerate((1, 1, 9, 9))) / holes.sum()
    assert losses['loss_holes'].item() == pytest.approx(0.75 * inside.item())
    rest = sum(v * (~holes[i]).sum() for i, v in enumerate((1, 1, 9, 9))) / (~holes).sum()
    assert losses['loss_rest'].item() == pytest.approx(0.25 * rest.item())


def test_loss_falls_on_one_repeated_batch(tiny_glcnet):
    model = MODELS.build(config(tiny_glcnet))
    optimizer = torch.optim.Adam(model.parameters(), 5e-3)
    data = batch()
    smooth = torch.linspace(0, 255, 48).expand(2, 3, 48, 48)
    data['inputs'] = [smooth, 255 - smooth]
    history = []
    for _ in range(25):
        loss, _ = model.parse_losses(losses_of(model, copy.deepcopy(data)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        history.append(loss.item())
    assert history[-1] < history[0] / 2


def test_trains_under_autocast(tiny_glcnet):
    model = MODELS.build(config(tiny_glcnet))
    with torch.autocast('cpu', torch.bfloat16):
        losses = losses_of(model, batch())
    assert all(value.dtype == torch.float32 and value.isfinite() for value in losses.values())


@pytest.mark.parametrize('scope', ['backbone', 'encoder', 'encoder_decoder'])
def test_checkpoint_fits_a_segmentation_network(tiny_glcnet, tmp_path, scope):
    tiny = config(tiny_glcnet)
    torch.save(MODELS.build(copy.deepcopy(tiny)).state_dict(), tmp_path / 'x.pth')
    tiny['decode_head']['num_classes'] = 6
    model = MODELS.build(
        dict(
            type='glcnet_plugin.RSEncoderDecoder',
            backbone=tiny['backbone'],
            decode_head=tiny['decode_head'],
        )
    )
    report = load_pretrained(model, str(tmp_path / 'x.pth'), scope)
    assert report.matched['backbone'] == len(model.backbone.state_dict())
    assert ('decode_head.aspp_modules' in report.matched) == (scope != 'backbone')


def test_head_for_other_bands(tiny_glcnet):
    tiny = config(tiny_glcnet)
    tiny['decode_head']['num_classes'] = 5
    with pytest.raises(ConfigError, match='5 bands, but .*3 means: set .*num_classes=3'):
        MODELS.build(tiny)


def test_backbone_for_other_bands(tiny_glcnet):
    tiny = config(tiny_glcnet)
    tiny['backbone']['in_channels'] = 4
    with pytest.raises(ConfigError, match='takes 4 bands.*3 means'):
        MODELS.build(tiny)


def test_images_with_other_bands(tiny_glcnet):
    with pytest.raises(DataError, match='4 bands, but the data preprocessor has 3 means'):
        losses_of(MODELS.build(config(tiny_glcnet)), batch(bands=4))


def test_hole_larger_than_the_view(tiny_glcnet):
    model = MODELS.build(config(tiny_glcnet))
    with pytest.raises(ConfigError, match='hole_size.*6x6 views.*got 8'):
        model.loss([torch.rand(2, 3, 6, 6)] * 2, [])


@pytest.mark.parametrize('weight', [-0.1, 1.1])
def test_weight_outside_its_range(tiny_glcnet, weight):
    with pytest.raises(ConfigError, match=rf'\[0, 1\], got {weight}'):
        MODELS.build(config(tiny_glcnet, hole_weight=weight))
