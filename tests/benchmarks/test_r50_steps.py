import json
import sys

import pytest
import r50_steps
from script_processes import start_python
from synthetic.make_scenes import make_scenes

from glcnet_plugin.study.configs import finetune_config, pretrain_config
from glcnet_plugin.study.context import prepare_study
from glcnet_plugin.study.settings import read_study
from glcnet_plugin.study.tiles import write_lists

# Logs steps until it is ended.
JOB = """
import json, pathlib, signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
log = pathlib.Path(sys.argv[1], 'run/vis_data/scalars.json')
log.parent.mkdir(parents=True)
for step in range(1, 10**6):
    with log.open('a') as lines:
        lines.write(json.dumps({'step': step, 'loss': 1.0}) + chr(10))
    time.sleep(0.05)
"""


@pytest.fixture
def context(tmp_path):
    make_scenes(tmp_path / 'tiles', scenes=4, size=256, tile=64)
    r50_steps.write_study(tmp_path / 'tiles', tmp_path / 'small.py')
    context = prepare_study(read_study(tmp_path / 'small.py'), tmp_path / 'study')
    write_lists(context.tiles, context.folder / 'lists')
    return context


def test_the_study_is_that_of_dubai_made_small(context):
    assert list(context.study.methods) == ['random', 'glcnet', 'mocov2']
    jobs = {job.name: job for job in context.plan}
    assert {job for job, _ in r50_steps.CUTS} < jobs.keys()
    for method in r50_steps.METHODS:
        cfg = pretrain_config(context, jobs[f'pretrain/{method}/seed0'])
        assert cfg.model.backbone.depth == 50
        assert cfg.train_cfg.max_epochs == 3  # 12 steps of 8 of 32 tiles
        views = cfg.train_dataloader.dataset.pipeline[2].views
        assert [view[0].scale for view in views] == [64, 64]
    cfg = finetune_config(context, jobs['finetune/glcnet/8tiles/seed0'])
    assert cfg.model.backbone.depth == 50 and cfg.train_cfg.max_iters == 12
    crop = cfg.train_dataloader.dataset.pipeline[3]
    assert (crop.type, crop.crop_size) == ('RandomCrop', (64, 64))


@pytest.mark.slow
def test_a_study_is_ended_when_a_job_has_made_its_steps(tmp_path, monkeypatch):
    monkeypatch.setattr(
        r50_steps,
        'start',
        lambda _, folder: start_python([sys.executable, '-c', JOB, folder / 'a']),
    )
    result = r50_steps.cut(tmp_path / 'study.py', tmp_path, 'a', 2)
    assert result['job'] == 'a' and result['after_step'] >= 2
    assert result['status'] == 143


def test_results_are_compared_by_losses_and_without_times(tmp_path):
    for number, seconds in enumerate((3.5, 70.0)):
        place = tmp_path / f'{number}/pretrain/glcnet/seed0'
        for run in range(number + 1):  # the second one was resumed after its first step
            log = place / f'{run}/vis_data/scalars.json'
            log.parent.mkdir(parents=True)
            steps = [1, 2] if number == 0 else [run + 1]
            lines = [json.dumps({'step': step, 'loss': 0.5 / step}) for step in steps]
            log.write_text('\n'.join(lines))
        result = {
            'job': 'pretrain/glcnet/seed0',
            'rows': [1],
            'seconds': seconds,
            'resumed': number,
        }
        (place / 'metrics.json').write_text(json.dumps(result))
    one = {'job': 'pretrain/glcnet/seed0', 'rows': [1], 'losses': {1: 0.5, 2: 0.25}}
    expected = {'pretrain/glcnet/seed0': one}
    assert r50_steps.results(tmp_path / '0') == r50_steps.results(tmp_path / '1') == expected
