import json

import pytest

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.study.plan import inputs_of, make_plan
from glcnet_plugin.study.results import (
    check_results,
    drop_outdated,
    forget_failure,
    read_failure,
    read_result,
    write_failure,
)


@pytest.fixture
def plan(study, tiles):
    return make_plan(study, tiles)


def write(folder, cell, inputs):
    (folder / cell.name).mkdir(parents=True)
    (folder / cell.name / 'metrics.json').write_text(json.dumps({'inputs': inputs, 'seconds': 1}))


def test_finished_cells_are_those_with_a_result(study, tiles, plan, tmp_path):
    write(tmp_path, plan[0], inputs_of(plan[0], study, tiles))
    (tmp_path / plan[1].name).mkdir(parents=True)  # begun
    assert check_results(tmp_path, plan, study, tiles) == {plan[0].name}
    assert read_result(tmp_path, plan[0])['seconds'] == 1
    assert read_result(tmp_path, plan[1]) is None


def test_results_of_another_study_are_refused(study, tiles, plan, tmp_path):
    inputs = inputs_of(plan[0], study, tiles) | {'pretrain_steps': 700}
    write(tmp_path, plan[0], inputs)
    with pytest.raises(ConfigError, match=f'{tmp_path} holds results of another study') as caught:
        check_results(tmp_path, plan, study, tiles)
    assert f'{plan[0].name} had pretrain_steps: 700 -> 2. Name another' in str(caught.value)


def test_probes_of_other_lists_are_dropped(study, tiles, plan, tmp_path):
    probes = [cell for cell in plan if cell.kind == 'probe'][:2]
    for cell, change in zip(probes, ({'labelled_tiles': 'others'}, {}), strict=True):
        write(tmp_path, cell, inputs_of(cell, study, tiles) | change)
    assert drop_outdated(tmp_path, plan, study, tiles) == 1
    assert [read_result(tmp_path, cell) is None for cell in probes] == [True, False]


@pytest.mark.parametrize('kind', ['probe', 'finetune'])
def test_nothing_is_dropped_from_another_study(study, tiles, plan, tmp_path, kind):
    probe = next(cell for cell in plan if cell.kind == 'probe')
    other = [cell for cell in plan if cell.kind == kind][-1]
    write(tmp_path, probe, inputs_of(probe, study, tiles) | {'labelled_tiles': 'others'})
    write(tmp_path, other, inputs_of(other, study, tiles) | {'labelled_tiles': 'x', 'network': 'x'})
    with pytest.raises(ConfigError, match='another study'):
        drop_outdated(tmp_path, plan, study, tiles)
    assert read_result(tmp_path, probe) is not None


def test_failures_are_noted_and_forgotten(plan, tmp_path):
    assert read_failure(tmp_path, plan[0]) is None
    write_failure(tmp_path, plan[0], 'no memory')
    assert read_failure(tmp_path, plan[0]) == 'no memory'
    forget_failure(tmp_path, plan[0])
    assert read_failure(tmp_path, plan[0]) is None
