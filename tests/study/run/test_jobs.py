import json
import signal
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from glcnet_plugin.engine.hooks import GracefulStopHook
from glcnet_plugin.study.inputs import inputs_of
from glcnet_plugin.study.run import jobs as job_module
from glcnet_plugin.study.run.jobs import prepare_folder, run_job

pytestmark = pytest.mark.slow


@pytest.fixture
def run(context, jobs, tmp_path):
    def run(name, place='study'):
        return run_job(replace(context, folder=tmp_path / place), jobs[name])

    return run


def test_pretrain_then_fine_tune_and_probe(run, context, jobs):
    folder, tiles = context.folder, context.tiles
    result = run('pretrain/glcnet/seed0')
    assert (result['images'], result['epochs'], result['steps']) == (8, 1, 2)
    assert result['last']['loss_style'] > 0
    assert torch.__version__.startswith(result['versions']['torch'])
    assert None not in result['versions'].values()
    place = folder / 'pretrain/glcnet/seed0'
    assert [path.name for path in place.glob('*.pth')] == ['weights.pth']
    assert 'Epoch(train)' in (place / 'log.txt').read_text() and (place / 'config.py').is_file()

    result = run('finetune/glcnet/2tiles/seed0')
    wanted = inputs_of(jobs['finetune/glcnet/2tiles/seed0'], context)
    assert result['inputs'] == wanted and result['steps'] == 2
    place = folder / 'finetune/glcnet/2tiles/seed0'
    assert json.loads((place / 'metrics.json').read_text()) == json.loads(json.dumps(result))
    hist = np.array(result['hist'])
    assert hist.sum() == 4 * 160 * 160  # all pixels of the held-out tiles
    assert result['scores']['OA'] == pytest.approx(np.trace(hist) / hist.sum())
    assert 'glcnet' in (place / 'log.txt').read_text()  # the weights that were loaded
    drawn = sorted(path.stem for path in (place / 'predictions').iterdir())
    assert drawn == tiles.val
    mask = np.asarray(Image.open(place / f'predictions/{drawn[0]}.png'))
    assert mask.shape == (160, 160) and mask.max() < 6

    rows = run('probe/glcnet/seed0')['rows']
    assert {(row['kind'], row['labels'], row['seed']) for row in rows} == {
        (kind, labels, seed)
        for kind in ('probe', 'probe_deep', 'probe_last', 'probe_dense', 'probe_all')
        for labels in (2, 4)
        for seed in (0, 1)
    }


def test_minutes_in_place_of_steps(context, jobs, tmp_path, monkeypatch):
    monkeypatch.setattr('glcnet_plugin.study.run.budget.seconds_per_step', lambda *_: 15.0)
    timed = replace(context, study=replace(context.study, pretrain_minutes=1))
    result = run_job(replace(timed, folder=tmp_path / 'other'), jobs['pretrain/simclr/seed0'])
    assert (result['steps'], result['seconds_per_step']) == (4, 15)
    assert 'pretrain_minutes' in result['inputs'] and result['training_seconds'] > 0


def test_fine_tuning_is_the_same_twice(run):
    first = run('finetune/random/2tiles/seed1')
    assert run('finetune/random/2tiles/seed1', 'another')['hist'] == first['hist']


def test_a_begun_pretraining_goes_on(run, tmp_path, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    place = tmp_path / 'study/pretrain/simclr/seed0'
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(job_module, 'environment', stop)  # after the training
        run('pretrain/simclr/seed0')
    weights = torch.load(place / 'weights.pth')['state_dict']
    assert not (place / 'metrics.json').exists()
    assert (place / 'epoch_1.pth').is_file()
    result = run('pretrain/simclr/seed0')
    assert result['resumed']
    again = torch.load(place / 'weights.pth')['state_dict']
    assert result['steps'] == 2 and all(torch.equal(weights[key], again[key]) for key in weights)


def test_a_begun_fine_tuning_goes_on(run, tmp_path, monkeypatch):
    """One that takes longer than a step of a cut study began anew in every step."""
    name = 'finetune/random/2tiles/seed1'
    whole, done = run(name), []
    after = GracefulStopHook.after_train_iter

    def stop(hook, runner, *args, **kwargs):
        done.append(runner.iter)
        if len(done) == 1:
            signal.raise_signal(signal.SIGTERM)
        return after(hook, runner, *args, **kwargs)

    monkeypatch.setattr(GracefulStopHook, 'after_train_iter', stop)
    with pytest.raises(SystemExit):
        run(name, 'another')
    assert (tmp_path / 'another' / name / 'stopped.pth').is_file()
    result = run(name, 'another')
    assert done == [0, 1] and result['steps'] == 2 and result['hist'] == whole['hist']


def test_a_pretraining_of_other_inputs_begins_anew(tmp_path):
    """Else weights would go on that were trained on ground that is held out now."""
    place = tmp_path / 'job'
    prepare_folder(place, {'tiles': 'a'}, keep=True)
    (place / 'epoch_1.pth').touch()
    prepare_folder(place, {'tiles': 'a'}, keep=True)
    assert (place / 'epoch_1.pth').is_file()
    prepare_folder(place, {'tiles': 'b'}, keep=True)
    assert [path.name for path in place.iterdir()] == ['inputs.json']


def test_other_jobs_always_begin_anew(tmp_path):
    prepare_folder(tmp_path / 'job', {}, keep=False)
    (tmp_path / 'job/stopped.pth').touch()
    prepare_folder(tmp_path / 'job', {}, keep=False)
    assert not (tmp_path / 'job/stopped.pth').exists()
