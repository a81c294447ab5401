"""A whole study: check, run, report."""

from collections.abc import Sequence
from pathlib import Path

from glcnet_plugin.study.plan import make_plan
from glcnet_plugin.study.protocol import check_protocol
from glcnet_plugin.study.report.html import Material, list_problems, write_report
from glcnet_plugin.study.report.summary import read_scores, summarise
from glcnet_plugin.study.report.text import answers, markdown
from glcnet_plugin.study.results import check_results, drop_outdated
from glcnet_plugin.study.run.scheduler import Say, only_one, run_study
from glcnet_plugin.study.settings import Study
from glcnet_plugin.study.tiles import choose_tiles


def conduct(
    study: Study, folder: Path, jobs: int, commands: Sequence[str], say: Say, report_only: bool
) -> bool:
    """Run what is not finished of a study, and write its report.

    Args:
        study: The study.
        folder: Its folder.
        jobs: Cells side by side.
        commands: What was typed, for the report, which names those of earlier runs too.
        say: Gets the lines for the user.
        report_only: Whether nothing is run.

    Returns:
        Whether no cell failed.

    Raises:
        ConfigError: If methods differ in what no exception states, the folder holds another
            study, or another run works in it.
        DataError: If the tiles do not allow the study.
    """
    exceptions = check_protocol(study)
    tiles = choose_tiles(study)
    plan = make_plan(study, tiles)
    with only_one(folder):
        if not report_only and (count := drop_outdated(folder, plan, study, tiles)):
            say(f'{count} probes are run again: there are other lists of labelled tiles now')
        finished = check_results(folder, plan, study, tiles)
        for line in tiles.warnings:
            say(f'warning: {line}')
        typed = remember(folder, [] if report_only else commands) or commands
        if not report_only:
            say(f'{len(plan)} cells, {len(finished)} of them finished; {folder}')
            run_study(study, tiles, folder, plan, finished, jobs, say)
        material = Material(study, tiles, folder, plan, exceptions, typed)
        report = write_report(material)
    rows = summarise(study, read_scores(folder, plan))
    problems = list_problems(material)
    for line in [markdown(study, rows), *answers(study, rows), *problems, str(report)]:
        say(line)
    return not any(' failed: ' in line for line in problems)


def remember(folder: Path, commands: Sequence[str]) -> list[str]:
    """All commands that ran cells in a folder, with these; in its ``commands.txt``."""
    note = folder / 'commands.txt'
    before = note.read_text(encoding='utf-8').splitlines() if note.is_file() else []
    typed = list(dict.fromkeys([*before, *commands]))
    if typed != before:
        note.write_text('\n'.join(typed) + '\n', encoding='utf-8')
    return typed
