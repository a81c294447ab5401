import json
from dataclasses import replace

import numpy as np
import pytest

from glcnet_plugin.engine.provenance import environment
from glcnet_plugin.errors import ConfigError
from glcnet_plugin.study.inputs import inputs_of
from glcnet_plugin.study.plan import make_plan
from glcnet_plugin.study.results import (
    Problem,
    check_results,
    clear_failure,
    drop_outdated,
    find_problems,
    made_otherwise,
    read_failure,
    read_result,
    write_failure,
)


@pytest.fixture
def plan(context):
    return context.plan


@pytest.fixture
def write(context):
    def write(job, **changes):
        folder = context.folder_of(job)
        folder.mkdir(parents=True)
        result = {'inputs': inputs_of(job, context) | changes, 'seconds': 1}
        (folder / 'metrics.json').write_text(json.dumps(result))

    return write


def test_finished_jobs_are_those_with_a_result(context, plan, write):
    write(plan[0])
    context.folder_of(plan[1]).mkdir(parents=True)  # started
    assert check_results(context) == {plan[0].name}
    assert read_result(context, plan[0])['seconds'] == 1
    assert read_result(context, plan[1]) is None


def test_results_of_another_study_are_refused(context, plan, write):
    write(plan[0], pretrain_steps=700)
    message = f'{context.folder} holds results of another study'
    with pytest.raises(ConfigError, match=message) as caught:
        check_results(context)
    assert f'{plan[0].name} had pretrain_steps: 700 -> 2. Choose another' in str(caught.value)


def test_probes_of_other_lists_are_dropped(context, plan, write):
    probes = [job for job in plan if job.kind == 'probe'][:2]
    for job, change in zip(probes, ({'labelled_tiles': 'others'}, {}), strict=True):
        write(job, **change)
    assert drop_outdated(context) == 1
    assert [read_result(context, job) is None for job in probes] == [True, False]


@pytest.mark.parametrize('kind', ['probe', 'finetune'])
def test_jobs_of_other_weights_are_run_again(context, plan, write, kind):
    """Fine-tunings of a pretraining that was run again were taken for finished."""
    stale = next(job for job in plan if job.kind == kind and job.needs is not None)
    fresh = next(job for job in plan if job.kind == kind and job.needs is None)
    write(stale, pretrained_weights='of before')
    write(fresh)
    assert check_results(context) == {fresh.name}  # as for a report, and for slurm
    assert drop_outdated(context) == 1
    assert read_result(context, stale) is None and read_result(context, fresh) is not None


def test_jobs_of_other_versions_are_listed(context, plan, write):
    write(plan[0])
    path = context.folder_of(plan[0]) / 'metrics.json'
    result = json.loads(path.read_text())
    path.write_text(json.dumps(result | environment()))
    assert made_otherwise(context) == []
    other = {'versions': environment()['versions'] | {'numpy': '0.9'}, 'machine': 'abacus'}
    path.write_text(json.dumps(result | environment() | other))
    (text,) = made_otherwise(context)
    assert plan[0].name in text and f'1 of {len(plan)} jobs' in text
    assert f'numpy: 0.9 -> {np.__version__}' in text and 'machine: abacus -> ' in text
    assert 'other versions' in {problem.kind for problem in find_problems(context)}
    path.write_text(json.dumps(result | environment() | {'code': 'changed'}))
    assert '(changed) -> ' in made_otherwise(context)[0]


@pytest.mark.parametrize('kind', ['probe', 'finetune'])
def test_nothing_is_dropped_from_another_study(context, plan, write, kind):
    probe = next(job for job in plan if job.kind == 'probe')
    other = [job for job in plan if job.kind == kind][-1]
    write(probe, labelled_tiles='others')
    write(other, labelled_tiles='x', network='x')
    with pytest.raises(ConfigError, match='another study'):
        drop_outdated(context)
    assert read_result(context, probe) is not None


def test_failures_are_noted_and_forgotten(context, plan):
    assert read_failure(context, plan[0]) is None
    assert write_failure(context, plan[0], 'no memory') == 'no memory'
    assert read_failure(context, plan[0]) == 'no memory'
    clear_failure(context, plan[0])
    assert read_failure(context, plan[0]) is None


def test_the_reason_of_a_failure_names_the_log(context, plan):
    context.folder_of(plan[0]).mkdir(parents=True)
    log = context.folder_of(plan[0]) / 'log.txt'
    log.touch()
    assert write_failure(context, plan[0], 'no memory') == f'no memory (log: {log})'


def test_what_failed_and_what_was_left_out_is_named(context):
    methods = dict(context.study.methods)
    methods['simclr'] = replace(methods['simclr'], config=None, checkpoint='/nowhere/x.pth')
    study = replace(context.study, methods=methods)
    plan = make_plan(study, context.tiles)
    context = replace(context, study=study, plan=plan)
    write_failure(context, plan[0], 'no memory')
    reason = 'its checkpoint /nowhere/x.pth does not exist'
    assert find_problems(context) == [
        Problem('unavailable', f'SimCLR was left out: {reason}'),
        Problem('failed', f'{plan[0].name} failed: no memory'),
        Problem('unfinished', f'{len(plan) - 1} of {len(plan)} jobs are not finished yet'),
    ]
