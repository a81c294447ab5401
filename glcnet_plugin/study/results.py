"""Results of jobs: which are there, whether they belong to the study, what failed."""

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Literal

from glcnet_plugin.engine.provenance import environment
from glcnet_plugin.errors import ConfigError
from glcnet_plugin.study.context import RESULT, StudyContext
from glcnet_plugin.study.inputs import inputs_of
from glcnet_plugin.study.plan import Job, unavailable
from glcnet_plugin.utils.atomic_io import write_atomic

FAILURE = 'failed.json'
LOG = 'log.txt'
MAX_LISTED = 3


@dataclass(frozen=True)
class Problem:
    """Why a study is not complete, or not of one piece.

    Args:
        kind: Whether a method is unavailable, a job has failed, jobs have not been run, or were
            run with other code, packages or on another machine.
        text: Which one, and why.
    """

    kind: Literal['unavailable', 'failed', 'unfinished', 'other versions']
    text: str


def read_result(context: StudyContext, job: Job) -> dict[str, Any] | None:
    """Result of a job; None if it is not finished."""
    path = context.folder_of(job) / RESULT
    return dict(json.loads(path.read_text(encoding='utf-8'))) if path.is_file() else None


def read_failure(context: StudyContext, job: Job) -> str | None:
    """Why a job failed; None if it did not."""
    path = context.folder_of(job) / FAILURE
    return str(json.loads(path.read_text(encoding='utf-8'))) if path.is_file() else None


def write_failure(context: StudyContext, job: Job, reason: str) -> str:
    """Write down why a job failed.

    Args:
        context: The study.
        job: The job.
        reason: The reason.

    Returns:
        The reason with the path of the log, where there is one.
    """
    folder = context.folder_of(job)
    if (folder / LOG).is_file():
        reason = f'{reason} (log: {folder / LOG})'
    write_atomic(folder / FAILURE, json.dumps(reason))
    return reason


def clear_failure(context: StudyContext, job: Job) -> None:
    """Forget an earlier failure, since the job is tried again."""
    (context.folder_of(job) / FAILURE).unlink(missing_ok=True)


def find_problems(context: StudyContext) -> list[Problem]:
    """List methods that cannot be run, jobs that failed, are not finished, or made by others."""
    problems = [
        Problem('unavailable', f'{method.title} was left out: {reason}')
        for method in context.study.methods.values()
        if (reason := unavailable(method)) is not None
    ]
    unfinished = 0
    for job in context.plan:
        if read_result(context, job) is None:
            reason = read_failure(context, job)
            unfinished += reason is None
            if reason is not None:
                problems.append(Problem('failed', f'{job.name} failed: {reason}'))
    if unfinished:
        text = f'{unfinished} of {len(context.plan)} jobs are not finished yet'
        problems.append(Problem('unfinished', text))
    return [*problems, *(Problem('other versions', text) for text in made_otherwise(context))]


def made_otherwise(context: StudyContext) -> list[str]:
    """List jobs that were made by other code, packages or machines than those of this process.

    Args:
        context: The study.

    Returns:
        A sentence for each difference.
    """
    now = environment()
    jobs: dict[str, list[str]] = defaultdict(list)
    for job in context.plan:
        if (result := read_result(context, job)) is None or 'versions' not in result:
            continue
        pairs = {
            'code': (_code(result), _code(now)),
            'machine': (result['machine'], now['machine']),
        }
        had = result['versions']
        pairs |= {name: (had.get(name), now['versions'].get(name))
                  for name in {**had, **now['versions']}}  # fmt: skip
        if text := ', '.join(f'{k}: {a} -> {b}' for k, (a, b) in pairs.items() if a != b):
            jobs[text].append(job.name)
    return [
        f'{len(names)} of {len(context.plan)} jobs were made by other versions than the present '
        f'ones, such as {", ".join(names[:MAX_LISTED])}; {text}. Compare them with care, or remove '
        'their folders to run them again'
        for text, names in jobs.items()
    ]


def _code(made: dict[str, Any]) -> str:
    """Commit and digest of the code."""
    return f'{made.get("git_hash")} ({made.get("code")})'


def drop_outdated(context: StudyContext) -> int:
    """Remove results that are run again instead of refused.

    These are probes that were fitted to other lists of labelled tiles, so that seeds and numbers of
    labels can be added to a study: a probe job fits all lists at once and is cheap. And probes and
    fine-tunings of a pretraining that was run again with other weights.

    Args:
        context: The study.

    Returns:
        How many were removed.

    Raises:
        ConfigError: As :func:`check_results`, for the other jobs; then nothing is removed.
    """
    check_results(context)
    outdated = [job for job in context.plan if _is_outdated(job, _changes(context, job))]
    for job in outdated:
        (context.folder_of(job) / RESULT).unlink()
    return len(outdated)


def _is_outdated(job: Job, changes: dict[str, tuple[Any, Any]]) -> bool:
    """Whether a result is to be made again, as these inputs have changed."""
    allowed = {'pretrained_weights'} | ({'labelled_tiles'} if job.kind == 'probe' else set())
    return bool(changes) and changes.keys() <= allowed


def check_results(context: StudyContext) -> set[str]:
    """List the finished jobs.

    Args:
        context: The study.

    Returns:
        Their names, without those of :func:`drop_outdated`.

    Raises:
        ConfigError: If a result has other inputs than the job, naming them: the folder belongs
            to another study, or this one was changed.
    """
    finished = set()
    for job in context.plan:
        if read_result(context, job) is None:
            continue
        changes = _changes(context, job)
        if _is_outdated(job, changes):
            continue
        if changes:
            text = '; '.join(f'{key}: {had} -> {now}' for key, (had, now) in changes.items())
            raise ConfigError(
                f'{context.folder} holds results of another study, or of this one before it was '
                f'changed: {job.name} had {text}. Choose another --work-dir, or remove this one'
            )
        finished.add(job.name)
    return finished


def _changes(context: StudyContext, job: Job) -> dict[str, tuple[Any, Any]]:
    """Inputs of a result that differ from those of the job: before, and now."""
    if (result := read_result(context, job)) is None:
        return {}
    had, wanted = result['inputs'], json.loads(json.dumps(inputs_of(job, context)))
    keys = sorted(key for key in {*had, *wanted} if had.get(key) != wanted.get(key))
    return {key: (had.get(key), wanted.get(key)) for key in keys}
