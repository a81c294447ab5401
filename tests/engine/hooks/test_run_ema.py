import torch
from mmengine.evaluator import BaseMetric
from mmengine.hooks import Hook
from mmengine.runner import Runner

from glcnet_plugin.engine.hooks import RunEMAHook

EMA = dict(type=RunEMAHook, momentum=0.25, update_buffers=True)
LAYER = 'decode_head.conv_seg.weight'
BUFFER = 'backbone.bn1.running_mean'


class Watch(Hook):
    """Record the weights after each step, and those that are scored."""

    priority = 'LOWEST'

    def __init__(self):
        self.steps, self.scored = [], None

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.steps.append(copy_of(runner.model))

    def before_test_iter(self, runner, batch_idx, data_batch=None):
        self.scored = copy_of(runner.model)


class Nothing(BaseMetric):
    def process(self, data_batch, data_samples):
        self.results.append(0)

    def compute_metrics(self, results):
        return {}


def copy_of(model):
    return {key: value.clone() for key, value in model.state_dict().items()}


def average(steps, key):
    """3/4 of the average and 1/4 of the new weights, beginning with the first ones."""
    value = steps[0][key]
    for step in steps[1:]:
        value = 0.75 * value + 0.25 * step[key]
    return value


def scoring(loader):
    test = dict(loader, batch_size=1, sampler=dict(type='DefaultSampler', shuffle=False))
    return dict(test_dataloader=test, test_cfg={}, test_evaluator=dict(type=Nothing))


def test_the_average_is_scored_in_the_same_run(finetune, tile_loader, tmp_path):
    watch = Watch()
    runner = finetune(tmp_path, [EMA, watch], 4, **scoring(tile_loader))
    last = copy_of(runner.model)
    runner.test()
    for key in (LAYER, BUFFER):
        torch.testing.assert_close(watch.scored[key], average(watch.steps, key))
        assert not torch.equal(watch.scored[key], watch.steps[-1][key])
        assert torch.equal(runner.model.state_dict()[key], last[key])  # put back


SAVED = dict(checkpoint=dict(type='glcnet_plugin.AtomicCheckpointHook', interval=2, by_epoch=False),
             resume_check=dict(type='glcnet_plugin.ResumeCheckHook'),
             deterministic=dict(type='glcnet_plugin.DeterministicResumeHook'))  # fmt: skip


def test_a_resumed_run_continues_the_average(finetune, tile_loader, tmp_path):
    whole, first, second = Watch(), Watch(), Watch()
    finetune(tmp_path / 'whole', [EMA, whole], 4, default_hooks=SAVED)
    finetune(tmp_path / 'parts', [EMA, first], 2, default_hooks=SAVED)
    runner = finetune(
        tmp_path / 'parts', [EMA, second], 4, default_hooks=SAVED, resume=True,
        experiment_name='second', **scoring(tile_loader),
    )  # fmt: skip
    assert len(second.steps) == 2
    runner.test()
    saved = [torch.load(tmp_path / name / 'iter_4.pth', weights_only=False)['state_dict']
             for name in ('whole', 'parts')]  # fmt: skip
    for key in (LAYER, BUFFER):
        expected = average(whole.steps, key)
        torch.testing.assert_close(saved[0][key], expected)  # the average is what is saved
        assert torch.equal(saved[0][key], saved[1][key])
        assert torch.equal(second.scored[key], saved[1][key])


def test_a_test_alone_scores_what_was_saved(finetune, tile_loader, tmp_path):
    watch, alone = Watch(), Watch()
    finetune(tmp_path / 'run', [EMA, watch], 2, default_hooks=SAVED)
    finetune(
        tmp_path / 'test', [EMA, alone], task=Runner.test,
        load_from=str(tmp_path / 'run/iter_2.pth'), **scoring(tile_loader),
    )  # fmt: skip
    for key in (LAYER, BUFFER):
        torch.testing.assert_close(alone.scored[key], average(watch.steps, key))
        assert not torch.equal(alone.scored[key], watch.steps[-1][key])
