"""Results of jobs: which are there, whether they belong to the study, what failed."""

import json
from dataclasses import dataclass
from typing import Any, Literal

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.study.context import StudyContext
from glcnet_plugin.study.inputs import inputs_of
from glcnet_plugin.study.plan import Job, unavailable
from glcnet_plugin.utils.atomic_io import write_atomic

RESULT = 'metrics.json'
FAILURE = 'failed.json'
LOG = 'log.txt'


@dataclass(frozen=True)
class Problem:
    """Why a study is not complete.

    Args:
        kind: Whether a method is unavailable, a job has failed, or jobs have not been run.
        text: Which one, and why.
    """

    kind: Literal['unavailable', 'failed', 'unfinished']
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
    """List methods that cannot be run, jobs that failed, and the number of unfinished jobs."""
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
    return problems


def drop_outdated(context: StudyContext) -> int:
    """Remove results of probes that were fitted to other lists of labelled tiles.

    So seeds and numbers of labels can be added to a study: a probe job fits all lists at once and
    is cheap compared with the rest, which stays.

    Args:
        context: The study.

    Returns:
        How many were removed.

    Raises:
        ConfigError: As :func:`check_results`, for the other jobs; then nothing is removed.
    """
    outdated = [
        job
        for job in context.plan
        if job.kind == 'probe' and set(_changes(context, job)) == {'labelled_tiles'}
    ]
    check_results(context, ignore=outdated)
    for job in outdated:
        (context.folder_of(job) / RESULT).unlink()
    return len(outdated)


def check_results(context: StudyContext, ignore: list[Job] | None = None) -> set[str]:
    """List the finished jobs.

    Args:
        context: The study.
        ignore: Jobs that are not checked.

    Returns:
        Their names.

    Raises:
        ConfigError: If a result has other inputs than the job, naming them: the folder belongs
            to another study, or this one was changed.
    """
    finished = set()
    for job in context.plan:
        if job in (ignore or []) or read_result(context, job) is None:
            continue
        if changes := _changes(context, job):
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
