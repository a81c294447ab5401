from dataclasses import replace

import pytest

from glcnet_plugin.study import plan as plan_module
from glcnet_plugin.study.plan import (
    file_digest,
    folder_digest,
    inputs_of,
    make_plan,
    probed,
    unavailable,
)
from glcnet_plugin.study.settings import read_study


def test_every_cell_comes_after_what_it_needs(study, tiles):
    plan = make_plan(study, tiles)
    names = [cell.name for cell in plan]
    assert len(set(names)) == len(names) == 2 + (2 + 1 + 1) + 3 * 2 * 2
    for number, cell in enumerate(plan):
        assert cell.needs is None or cell.needs in names[:number]
    assert 'finetune/glcnet/4tiles/seed1' in names and 'probe/random/seed1' in names
    assert 'pretrain/random/seed0' not in names


def test_probes_share_the_lists_among_the_weights(study, tiles):
    plan = {cell.name: cell for cell in make_plan(study, tiles)}
    everything = sorted(tiles.labelled)
    assert sorted(probed(plan['probe/glcnet/seed0'], study, tiles)) == everything
    of_random = [list(probed(plan[f'probe/random/seed{i}'], study, tiles)) for i in (0, 1)]
    assert sorted([*of_random[0], *of_random[1]]) == everything
    assert {seed for _, seed in of_random[1]} == {1}


def test_methods_that_load_different_parts_share_the_pretraining(study, tiles):
    glcnet = study.methods['glcnet']
    decoder = replace(glcnet, name='decoder', scope='encoder_decoder')
    longer = replace(glcnet, name='longer', options={'train_dataloader.batch_size': 2})
    methods = {**study.methods, 'decoder': decoder, 'longer': longer}
    study = replace(study, methods=methods)
    plan = {cell.name: cell for cell in make_plan(study, tiles)}
    assert 'pretrain/decoder/seed0' not in plan and 'pretrain/longer/seed0' in plan
    for name in ('probe/{}/seed0', 'finetune/{}/2tiles/seed1'):
        one, other = plan[name.format('glcnet')], plan[name.format('decoder')]
        assert one.needs == other.needs == 'pretrain/glcnet/seed0'
        ours, theirs = (inputs_of(cell, study, tiles) for cell in (one, other))
        assert {key for key in ours if ours[key] != theirs[key]} == {'scope'}
        assert plan[name.format('longer')].needs == 'pretrain/longer/seed0'


def test_several_pretrainings(study_file, tiles):
    study = read_study(study_file, options={'pretrain_seeds': [4, 5]})
    plan = {cell.name: cell for cell in make_plan(study, tiles)}
    assert plan['finetune/glcnet/2tiles/seed1'].needs == 'pretrain/glcnet/seed5'
    assert list(probed(plan['probe/glcnet/seed4'], study, tiles)) == [(2, 0), (4, 0)]


def test_pretrainings_that_no_seed_takes_are_not_run(study_file, tiles):
    study = read_study(study_file, options={'pretrain_seeds': [0, 1, 2, 3]})
    plan = make_plan(study, tiles)
    assert {cell.seed for cell in plan if cell.kind == 'pretrain'} == {0, 1}
    assert {cell.seed for cell in plan if cell.kind == 'probe'} == {0, 1}


def test_changed_files_change_the_inputs(study, tiles, tmp_path):
    plan_module.folder_digest.cache_clear()
    before = folder_digest(study.data.root)
    (tmp_path / 'a').write_text('1')
    first, same = folder_digest(str(tmp_path)), file_digest(str(tmp_path / 'a'))
    plan_module.folder_digest.cache_clear()
    plan_module.file_digest.cache_clear()
    assert folder_digest(study.data.root) == before
    (tmp_path / 'a').write_text('12')
    assert folder_digest(str(tmp_path)) != first and file_digest(str(tmp_path / 'a')) != same
    assert folder_digest(None) is None and file_digest('https://x/y.pth')


def test_weights_that_are_not_there_are_left_out(study, tiles, tmp_path):
    path = tmp_path / 'x.pth'
    method = replace(study.methods['simclr'], config=None, checkpoint=str(path))
    study = replace(study, methods={**study.methods, 'simclr': method})
    assert unavailable(method) == f'its weights, {path}, are not there'
    assert not any(cell.method == 'simclr' for cell in make_plan(study, tiles))
    path.touch()
    mine = [cell for cell in make_plan(study, tiles) if cell.method == 'simclr']
    assert {cell.kind for cell in mine} == {'probe', 'finetune'}
    assert all(cell.needs is None for cell in mine)


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
def test_inputs_change_with_what_a_result_depends_on(study_file, study, tiles, options, changed):
    from glcnet_plugin.study.tiles import choose_tiles

    name = 'finetune/glcnet/2tiles/seed1'
    other = read_study(study_file, options=options)
    inputs = [
        inputs_of({cell.name: cell for cell in make_plan(s, t)}[name], s, t)
        for s, t in ((study, tiles), (other, choose_tiles(other)))
    ]
    assert {key for key in inputs[0] if inputs[0][key] != inputs[1][key]} == changed


@pytest.mark.parametrize(
    ('options', 'changed'),
    [
        ({'train_cfg.max_iters': 3}, set()),  # probes do not fine-tune
        ({'model.data_preprocessor.mean': [1, 2, 3, 4]}, {'finetune_options'}),
    ],
)
def test_probes_depend_on_the_network_of_the_fine_tuning(study, tiles, options, changed):
    other = replace(study, finetune_options={**study.finetune_options, **options})
    cell = next(cell for cell in make_plan(study, tiles) if cell.kind == 'probe')
    inputs = [inputs_of(cell, one, tiles) for one in (study, other)]
    keys = {*inputs[0], *inputs[1]}
    assert {key for key in keys if inputs[0].get(key) != inputs[1].get(key)} == changed


def test_probes_alone(study_file, tiles):
    plan = make_plan(read_study(study_file, options={'finetune': False}), tiles)
    assert {cell.kind for cell in plan} == {'pretrain', 'probe'}
