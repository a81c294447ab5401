"""Find the checkpoint to resume from."""

import zipfile
from pathlib import Path

STATES = ('epoch_*.pth', 'iter_*.pth', 'stopped.pth')  # from which a training can go on


def is_complete(path: str | Path) -> bool:
    """Whether a file of ``torch.save`` is complete and undamaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    except (OSError, zipfile.BadZipFile, EOFError):
        return False


def latest_checkpoint(folder: str | Path) -> tuple[str | None, list[str]]:
    """The checkpoint to resume from.

    Args:
        folder: Folder of checkpoints. The one that ``last_checkpoint`` in it names comes first,
            then those written in training (not ``best_*.pth``, which holds weights alone), newest
            first.

    Returns:
        The first that is complete, None if none is; and those before it, which are damaged or
        missing.
    """
    folder = Path(folder)
    note = folder / 'last_checkpoint'
    named = [note.read_text().strip()] if note.is_file() else []
    states = (path for pattern in STATES for path in folder.glob(pattern))
    newest = sorted(states, key=lambda p: p.stat().st_mtime_ns, reverse=True)
    damaged: list[str] = []
    for path in dict.fromkeys([*filter(None, named), *map(str, newest)]):
        if is_complete(path):
            return path, damaged
        damaged.append(path)
    return None, damaged
