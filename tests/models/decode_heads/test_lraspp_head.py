import torch
import torch.nn.functional as F
from mmengine.registry import MODELS

HEAD = dict(
    in_channels=(4, 6, 8),
    in_index=(0, 1, 2),
    channels=8,
    branch_channels=(3, 5),
    input_transform='multiple_select',
    num_classes=2,
    act_cfg=dict(type='ReLU'),
)


def test_small_maps_are_pooled_as_a_whole(mmseg_scope):
    head = MODELS.build(dict(type='glcnet_plugin.RSLRASPPHead', **HEAD)).eval()
    maps = [torch.rand(2, c, s, s) for c, s in ((4, 16), (6, 8), (8, 4))]
    assert head(maps).shape == (2, 2, 16, 16)
    gate = head.image_pool(maps[2])
    expected = head.image_pool[1](maps[2].mean((2, 3), keepdim=True))
    torch.testing.assert_close(gate, expected)


def test_one_window_of_mm_gives_the_same(mmseg_scope):
    """On a map of 49 x 49 cells MM's window is the whole map."""
    ours = MODELS.build(dict(type='glcnet_plugin.RSLRASPPHead', **HEAD)).eval()
    theirs = MODELS.build(dict(type='mmseg.LRASPPHead', **HEAD)).eval()
    theirs.load_state_dict(ours.state_dict())
    maps = [torch.rand(1, c, s, s) for c, s in ((4, 98), (6, 98), (8, 49))]
    torch.testing.assert_close(ours(maps), theirs(maps))
    assert F.avg_pool2d(maps[2], 49).shape[-1] == 1
