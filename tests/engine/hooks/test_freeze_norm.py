import pytest
from mmengine.hooks import Hook

from glcnet_plugin.engine.hooks import FreezeNormHook
from glcnet_plugin.errors import ConfigError
from glcnet_plugin.models.utils.batch_norm import batch_norms


class Modes(Hook):
    """Record which norms are in training during an iteration."""

    priority = 'LOWEST'

    def __init__(self):
        self.seen = []

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        parts = (runner.model.backbone, runner.model.decode_head)
        self.seen.append([{layer.training for layer in batch_norms(part)} for part in parts])


@pytest.mark.parametrize('by_epoch', [False, True])
def test_statistics_stay_and_the_affine_part_is_trained(by_epoch, finetune, tile_loader, tmp_path):
    modes, length = Modes(), dict(by_epoch=False, max_iters=4)
    if by_epoch:
        length = dict(by_epoch=True, max_epochs=2)
        tile_loader['sampler'] = dict(type='DefaultSampler', shuffle=True)
    runner = finetune(tmp_path, [dict(type=FreezeNormHook), modes], train_cfg=length)
    assert modes.seen == 4 * [[{False}, {True}]]
    backbone, head = runner.model.backbone, runner.model.decode_head
    for layer in batch_norms(backbone):
        assert not layer.running_mean.any()  # as it began
    for layer in batch_norms(head):
        assert layer.running_mean.any()
    assert (backbone.norm1.weight != 1).any() and backbone.norm1.bias.any()


def test_parts_by_name(finetune, tmp_path):
    modes = Modes()
    hook = dict(type=FreezeNormHook, modules=['backbone.layer1', 'decode_head'])
    runner = finetune(tmp_path, [hook, modes])
    assert modes.seen[0] == [{False, True}, {False}]
    frozen = {id(layer) for layer in batch_norms(runner.model.backbone.layer1)}
    for layer in batch_norms(runner.model.backbone):
        assert layer.running_mean.any() == (id(layer) not in frozen)


def test_an_unknown_part(finetune, tmp_path):
    with pytest.raises(ConfigError, match="no part 'encoder' to freeze; it has .*backbone"):
        finetune(tmp_path, [dict(type=FreezeNormHook, modules=['encoder'])])
