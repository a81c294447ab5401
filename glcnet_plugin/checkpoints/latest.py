"""Find the checkpoint to resume from."""

import math
import zipfile
from contextlib import suppress
from pathlib import Path

from glcnet_plugin.checkpoints.safe_load import read_checkpoint
from glcnet_plugin.errors import DataError

STATES = ('epoch_*.pth', 'iter_*.pth', 'stopped.pth')  # from which a training can go on
WRITTEN = 'unix_time'  # key in the meta of a checkpoint: seconds, which copies of a file keep


def is_complete(path: str | Path) -> bool:
    """Whether a file of ``torch.save`` is complete and undamaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    except (OSError, zipfile.BadZipFile, EOFError):
        return False


def latest_checkpoint(folder: str | Path) -> tuple[str | None, list[str]]:
    """The checkpoint to resume from: the last one written.

    When it was written is read from its meta, or else from the date of the file, never from the
    number in its name.

    Args:
        folder: Folder of checkpoints. Those written in training count (not ``best_*.pth``, which
            holds weights alone), and the one that ``last_checkpoint`` names: the file of that name
            in this folder, so that a copied folder is not resumed from its original, else the path
            itself (``out_dir`` of ``CheckpointHook``).

    Returns:
        The last one that is complete, None if none is; and those written after it, which are
        damaged or missing.
    """
    folder = Path(folder)
    states = {path for pattern in STATES for path in folder.glob(pattern)}
    note = folder / 'last_checkpoint'
    if note.is_file() and (named := note.read_text().strip()):
        here = folder / Path(named).name
        states.add(here if here.is_file() else Path(named))
    damaged: list[str] = []
    for path in sorted(states, key=_written, reverse=True):
        if is_complete(path):
            return str(path), damaged
        damaged.append(str(path))
    return None, damaged


def _written(path: Path) -> float:
    """Seconds since 1970 at which a checkpoint was written; infinite where it is missing."""
    with suppress(DataError, KeyError, TypeError, ValueError):
        return float(read_checkpoint(str(path), mmap=True)['meta'][WRITTEN])
    with suppress(OSError):
        return path.stat().st_mtime
    return math.inf
