"""Run a study and write its report."""

from collections.abc import Sequence
from pathlib import Path

from glcnet_plugin.study.context import StudyContext
from glcnet_plugin.study.report.answer import answer
from glcnet_plugin.study.report.html import pretraining_costs, write_report
from glcnet_plugin.study.report.summary import read_scores, summarise
from glcnet_plugin.study.report.text import markdown
from glcnet_plugin.study.results import check_results, drop_outdated, find_problems
from glcnet_plugin.study.run.scheduler import Log, lock_folder, run_jobs


def run_study(
    context: StudyContext, workers: int, command: str, log: Log, report_only: bool = False
) -> bool:
    """Run the jobs of a study that are not finished, and write its report.

    Args:
        context: The study.
        workers: Number of jobs side by side.
        command: The command line that was typed, for the report.
        log: Gets the lines for the user.
        report_only: Whether to run nothing.

    Returns:
        Whether no job failed.

    Raises:
        ConfigError: If the folder holds another study, or another run works in it.
    """
    with lock_folder(context.folder):
        if not report_only and (count := drop_outdated(context)):
            log(f'{count} jobs are run again: their labelled tiles or weights have changed')
        finished = check_results(context)
        for line in context.tiles.warnings:
            log(f'warning: {line}')
        commands = save_commands(context.folder, [] if report_only else [command]) or [command]
        for problem in find_problems(context):
            if problem.kind == 'unavailable':  # before hours of training, not after
                log(f'warning: {problem.text}')
        if not report_only:
            log(f'{len(context.plan)} jobs, {len(finished)} of them finished; {context.folder}')
            run_jobs(context, finished, workers, log)
        report = write_report(context, commands)
    rows = summarise(context.study, read_scores(context))
    problems = find_problems(context)
    for line in [
        answer(context, rows, pretraining_costs(context)), '', markdown(context.study, rows),
        *(problem.text for problem in problems), str(report),
    ]:  # fmt: skip
        log(line)
    return not any(problem.kind == 'failed' for problem in problems)


def save_commands(folder: Path, commands: Sequence[str]) -> list[str]:
    """Add command lines to the ``commands.txt`` of a study; all lines in it."""
    path = folder / 'commands.txt'
    before = path.read_text(encoding='utf-8').splitlines() if path.is_file() else []
    lines = list(dict.fromkeys([*before, *commands]))
    if lines != before:
        path.write_text('\n'.join(lines) + '\n', encoding='utf-8')
    return lines
