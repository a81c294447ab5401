"""Finished cells of a study: what is there, and whether it belongs to it."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.study.plan import Cell, inputs_of
from glcnet_plugin.study.run.jobs import RESULT
from glcnet_plugin.study.settings import Study
from glcnet_plugin.study.tiles import Tiles
from glcnet_plugin.utils.cli import error_message

FAILURE = 'failed.json'


def read_result(folder: Path, cell: Cell) -> dict[str, Any] | None:
    """What a finished cell found; None if it is not finished."""
    path = folder / cell.name / RESULT
    return dict(json.loads(path.read_text(encoding='utf-8'))) if path.is_file() else None


def read_failure(folder: Path, cell: Cell) -> str | None:
    """Why a cell failed; None if it did not."""
    path = folder / cell.name / FAILURE
    return str(json.loads(path.read_text(encoding='utf-8'))) if path.is_file() else None


def write_failure(folder: Path, cell: Cell, reason: str | BaseException) -> None:
    """Note why a cell failed: in words, or by the error that ended it."""
    if isinstance(reason, BaseException):
        reason = error_message(reason).removeprefix('error: ') or type(reason).__name__
    path = folder / cell.name / FAILURE
    log = path.with_name('log.txt')
    reason = f'{reason} (log: {log})' if log.is_file() else reason
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(reason), encoding='utf-8')


def forget_failure(folder: Path, cell: Cell) -> None:
    """A cell is tried again."""
    (folder / cell.name / FAILURE).unlink(missing_ok=True)


def drop_outdated(folder: Path, plan: Iterable[Cell], study: Study, tiles: Tiles) -> int:
    """Remove results of probes that were fitted to other lists of labelled tiles.

    So seeds and numbers of labels can be added to a study: probes take all lists in one go, and
    cost little beside the rest, which stays.

    Args:
        folder: Folder of the study.
        plan: Its cells.
        study: The study.
        tiles: Its tiles.

    Returns:
        How many.

    Raises:
        ConfigError: As :func:`check_results`, for the other cells; then nothing is removed.
    """
    plan = list(plan)
    outdated = []
    for cell in plan:
        found = read_result(folder, cell) if cell.kind == 'probe' else None
        if found is not None and set(_changes(found, cell, study, tiles)) == {'labelled_tiles'}:
            outdated.append(cell)
    check_results(folder, [cell for cell in plan if cell not in outdated], study, tiles)
    for cell in outdated:
        (folder / cell.name / RESULT).unlink()
    return len(outdated)


def check_results(folder: Path, plan: Iterable[Cell], study: Study, tiles: Tiles) -> set[str]:
    """Names of the finished cells.

    Args:
        folder: Folder of the study.
        plan: Its cells.
        study: The study.
        tiles: Its tiles.

    Returns:
        The names.

    Raises:
        ConfigError: If a result has other inputs than the cell, naming them: the folder belongs
            to another study, or this one was changed.
    """
    finished = set()
    for cell in plan:
        found = read_result(folder, cell)
        if found is None:
            continue
        if changes := _changes(found, cell, study, tiles):
            text = '; '.join(f'{key}: {had} -> {now}' for key, (had, now) in changes.items())
            raise ConfigError(
                f'{folder} holds results of another study, or of this one before it was changed: '
                f'{cell.name} had {text}. Name another --work-dir, or remove that one'
            )
        finished.add(cell.name)
    return finished


def _changes(
    result: dict[str, Any], cell: Cell, study: Study, tiles: Tiles
) -> dict[str, tuple[Any, Any]]:
    """Inputs of a result that differ from those of its cell: what they were, and are."""
    had, wanted = result['inputs'], json.loads(json.dumps(inputs_of(cell, study, tiles)))
    keys = sorted(key for key in {*had, *wanted} if had.get(key) != wanted.get(key))
    return {key: (had.get(key), wanted.get(key)) for key in keys}
