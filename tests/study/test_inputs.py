import json
import shutil
from dataclasses import replace

import pytest

from glcnet_plugin.study.context import prepare_study
from glcnet_plugin.study.inputs import checkpoint_digest, folder_digest, inputs_of
from glcnet_plugin.study.settings import read_study


def test_changed_files_change_the_inputs(study, tmp_path):
    cache = tmp_path / 'study/digests.json'
    data = tmp_path / 'data'
    data.mkdir()
    folder_digest.cache_clear()
    before = folder_digest(study.data.root, cache)
    (data / 'a').write_text('1')
    first, same = folder_digest(str(data), cache), checkpoint_digest(str(data / 'a'))
    folder_digest.cache_clear()
    checkpoint_digest.cache_clear()
    assert folder_digest(study.data.root, cache) == before
    (data / 'a').write_text('2')  # of the same size
    assert folder_digest(str(data), cache) != first
    assert checkpoint_digest(str(data / 'a')) != same
    assert folder_digest(None, cache) is None and checkpoint_digest('https://x/y.pth')


def test_what_is_not_read_of_the_data_changes_nothing(context, jobs, tmp_path):
    """A list of tiles, as make_split writes it beside them, refused the results of a study."""
    shutil.copytree(context.study.data.root, tmp_path / 'copy')
    data = replace(context.study.data, root=str(tmp_path / 'copy'))
    other = replace(context, study=replace(context.study, data=data))
    job, found = jobs['finetune/random/2tiles/seed1'], []
    for name in (None, 'splits/train.txt', 'tiles.cache', 'masks/more.png', 'classes.json'):
        if name is not None:
            (tmp_path / 'copy' / name).parent.mkdir(exist_ok=True)
            with (tmp_path / 'copy' / name).open('a') as file:
                file.write(' ')
        folder_digest.cache_clear()
        found.append(inputs_of(job, other)['data'])
    assert found[0] == found[1] == found[2] == inputs_of(job, context)['data']
    assert len({*found[2:]}) == 3


def test_a_pretraining_that_was_run_again_changes_what_needs_it(context, jobs):
    path = context.folder / 'pretrain/glcnet/seed0/metrics.json'
    path.parent.mkdir(parents=True)
    names = ('finetune/glcnet/2tiles/seed1', 'probe/glcnet/seed0', 'finetune/random/2tiles/seed1')
    seen = []
    for weights in ('a', 'b'):
        path.write_text(json.dumps({'weights': weights}))
        seen.append([inputs_of(jobs[name], context)['pretrained_weights'] for name in names])
    assert seen == [['a', 'a', None], ['b', 'b', None]]


@pytest.mark.parametrize(
    ('options', 'changed'),
    [
        ({}, set()),
        ({'title': 'another', 'seeds': [0, 1, 2]}, set()),
        ({'pretrain_steps': 9}, {'pretrain_steps'}),
        ({'finetune_options': {'train_cfg.max_iters': 3}}, {'finetune_options'}),
        ({'data.held_out': ['s001']}, {'pretrain_tiles', 'val_tiles', 'labelled_tiles'}),
        ({'methods.glcnet.scope': 'backbone'}, {'scope'}),
    ],
)
def test_inputs_change_with_what_a_result_depends_on(study_file, context, options, changed):
    name = 'finetune/glcnet/2tiles/seed1'
    other = prepare_study(read_study(study_file, options=options), context.folder)
    inputs = [inputs_of({job.name: job for job in one.plan}[name], one) for one in (context, other)]
    assert {key for key in inputs[0] if inputs[0][key] != inputs[1][key]} == changed


def test_minutes_are_an_input_where_they_are_set(context, jobs):
    job = jobs['pretrain/glcnet/seed0']
    other = replace(context, study=replace(context.study, pretrain_minutes=5))
    before, after = inputs_of(job, context), inputs_of(job, other)
    assert after == {**before, 'pretrain_minutes': 5}


@pytest.mark.parametrize(
    ('options', 'changed'),
    [
        ({'train_cfg.max_iters': 3}, set()),  # probes do not fine-tune
        ({'model.data_preprocessor.mean': [1, 2, 3, 4]}, {'finetune_options'}),
    ],
)
def test_probes_depend_on_the_network_of_the_fine_tuning(context, options, changed):
    study = context.study
    other = replace(study, finetune_options={**study.finetune_options, **options})
    job = next(job for job in context.plan if job.kind == 'probe')
    inputs = [inputs_of(job, replace(context, study=one)) for one in (study, other)]
    keys = {*inputs[0], *inputs[1]}
    assert {key for key in keys if inputs[0].get(key) != inputs[1].get(key)} == changed
