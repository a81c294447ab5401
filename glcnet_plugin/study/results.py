"""Finished cells of a study: what is there, and whether it belongs to it."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from glcnet_plugin.errors import ConfigError, explain
from glcnet_plugin.study.cells import RESULT
from glcnet_plugin.study.plan import Cell, inputs_of
from glcnet_plugin.study.settings import Study
from glcnet_plugin.study.tiles import Tiles

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
        reason = explain(reason).removeprefix('error: ') or type(reason).__name__
    path = folder / cell.name / FAILURE
    log = path.with_name('log.txt')
    reason = f'{reason} (log: {log})' if log.is_file() else reason
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(reason), encoding='utf-8')


def forget_failure(folder: Path, cell: Cell) -> None:
    """A cell is tried again."""
    (folder / cell.name / FAILURE).unlink(missing_ok=True)


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
        wanted = json.loads(json.dumps(inputs_of(cell, study, tiles)))
        had = found['inputs']
        if other := sorted(key for key in {*had, *wanted} if had.get(key) != wanted.get(key)):
            changes = '; '.join(f'{key}: {had.get(key)} -> {wanted.get(key)}' for key in other)
            raise ConfigError(
                f'{folder} holds results of another study, or of this one before it was changed: '
                f'{cell.name} had {changes}. Name another --work-dir, or remove that one'
            )
        finished.add(cell.name)
    return finished
