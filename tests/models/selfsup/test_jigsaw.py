import copy
import math

import pytest
import torch
from mmengine.registry import MODELS

from glcnet_plugin.checkpoints.loading import load_pretrained
from glcnet_plugin.errors import ConfigError


@pytest.fixture(autouse=True)
def _scope(mmpretrain_scope):
    """Every test of this file builds as a pretraining config does."""


def config(tiny_glcnet, bands=3, **more):
    backbone = dict(tiny_glcnet['backbone'], in_channels=bands, out_indices=(3,))
    settings = dict(permutations=6, grid=2, tile_size=20, tile_channels=8, hidden_channels=16)
    return dict(
        type='glcnet_plugin.Jigsaw',
        backbone=backbone,
        data_preprocessor=dict(mean=[127.5] * bands, std=[80.0] * bands),
        **{**settings, **more},
    )


def batch(count=4, bands=3, size=48):
    views = [torch.randint(0, 256, (count, bands, size, size)).byte() for _ in range(2)]
    return {'inputs': views, 'data_samples': None}


def losses_of(model, data):
    return model(**model.data_preprocessor(data, True), mode='loss')


@pytest.mark.parametrize('bands', [3, 4])
def test_every_parameter_gets_a_gradient(tiny_glcnet, bands):
    model = MODELS.build(config(tiny_glcnet, bands))
    assert all(module.training for module in model.modules())
    losses = losses_of(model, batch(bands=bands))
    total, log = model.parse_losses(losses)
    total.backward()
    assert set(losses) == {'loss_jigsaw', 'accuracy'} and 'accuracy' in log
    assert total.isfinite() and total.item() == losses['loss_jigsaw'].item()
    assert [n for n, p in model.named_parameters() if p.grad is None] == []


def test_chance_without_knowledge(tiny_glcnet):
    model = MODELS.build(config(tiny_glcnet))
    torch.nn.init.zeros_(model.solve[2].weight)
    torch.nn.init.zeros_(model.solve[2].bias)
    assert losses_of(model, batch())['loss_jigsaw'].item() == pytest.approx(math.log(6))


class KnowsTheCell(torch.nn.Module):
    """A backbone for images whose value is the number of the cell."""

    def forward(self, tiles):
        return (tiles.mean((1, 2, 3), keepdim=True),)


def test_a_perfect_reader_finds_every_permutation(tiny_glcnet):
    """Position p shows tile permutations[k][p]: a table lookup then solves the puzzle."""
    model = MODELS.build(config(tiny_glcnet, permutations=24))
    model.backbone, model.describe = KnowsTheCell(), torch.nn.Identity()

    model.solve = torch.nn.Module()
    model.solve.forward = lambda shown: 50 * (shown[:, None] == model.permutations).all(-1).float()
    cells = torch.arange(4.0).view(2, 2).repeat_interleave(24, 0).repeat_interleave(24, 1)
    losses = model.loss([cells.expand(8, 3, 48, 48)] * 2, [])
    assert losses['accuracy'] == 1 and losses['loss_jigsaw'] < 1e-6


def test_tiles_of_both_views_pass_the_backbone_in_one_batch(tiny_glcnet):
    model = MODELS.build(config(tiny_glcnet))
    shapes = []
    model.backbone.register_forward_pre_hook(lambda module, args: shapes.append(args[0].shape))
    losses_of(model, batch(count=3))
    assert shapes == [(2 * 3 * 4, 3, 20, 20)]


def test_loss_falls_on_one_repeated_batch(tiny_glcnet):
    model = MODELS.build(config(tiny_glcnet, permutations=2))
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    quadrants = torch.arange(4).view(2, 2).repeat_interleave(24, 0).repeat_interleave(24, 1)
    texture = torch.arange(48)[:, None] * (quadrants + 1)  # stripes, finer in each quadrant
    image = (127 + 100 * torch.sin(0.4 * texture)).byte().expand(4, 3, 48, 48)
    history = []
    for _ in range(20):
        data = {'inputs': [image, image], 'data_samples': None}
        loss, _ = model.parse_losses(losses_of(model, data))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        history.append(loss.item())
    assert sum(history[-3:]) / 3 < history[0] / 2


def test_nine_tiles_and_a_file_of_permutations(tiny_glcnet, tmp_path):
    path = tmp_path / 'rows.txt'
    path.write_text('8 7 6 5 4 3 2 1 0\n0 1 2 3 4 5 6 7 8\n1 2 3 4 5 6 7 8 0\n')
    model = MODELS.build(config(tiny_glcnet, grid=3, tile_size=14, permutations=str(path)))
    assert model.permutations[0].tolist() == list(range(8, -1, -1))
    assert model.solve[2].out_features == 3
    assert losses_of(model, batch())['loss_jigsaw'].isfinite()


def test_checkpoint_fits_a_segmentation_network(tiny_glcnet, tmp_path):
    state = MODELS.build(config(tiny_glcnet)).state_dict()
    assert 'permutations' not in state
    torch.save(state, tmp_path / 'x.pth')
    model = MODELS.build(
        dict(
            type='glcnet_plugin.RSEncoderDecoder',
            backbone=tiny_glcnet['backbone'],
            decode_head=copy.deepcopy(tiny_glcnet['decode_head']),
        )
    )
    report = load_pretrained(model, str(tmp_path / 'x.pth'), 'backbone')
    assert report.matched == {'backbone': len(model.backbone.state_dict())}


def test_tile_larger_than_its_cell(tiny_glcnet):
    model = MODELS.build(config(tiny_glcnet, tile_size=25))
    with pytest.raises(ConfigError, match='1..24 .cells of a 2x2 grid on 48x48 views., got 25'):
        losses_of(model, batch())


def test_grid_with_too_many_permutations(tiny_glcnet):
    with pytest.raises(ConfigError, match='grid must be 2 or 3, got 4'):
        MODELS.build(config(tiny_glcnet, grid=4))
