"""What it means when a data-loading process dies."""

import shutil

# What torch writes when a worker dies or /dev/shm is full; GPUs have another shared memory.
SIGNS = ('DataLoader worker (pid', 'Bus error', '(shm)', 'shared memory object', '</torch_')


def worker_error_message(error: Exception) -> str | None:
    """Explain a failure of the workers of a data loader.

    Args:
        error: What torch raises: an error of its own, or one of a lost connection.

    Returns:
        The cause and the remedy; None for any other error.
    """
    text = str(error)
    lost = isinstance(error, ConnectionError | EOFError | FileNotFoundError)
    if not any(sign in text for sign in SIGNS) and (not lost or 'Original Traceback' in text):
        return None
    reason = [type(error).__name__, *text.strip().splitlines()][-1]  # the last line of a traceback
    return (
        f'a data-loading process was killed by the system ({reason}): it '
        f'ran out of memory, or of shared memory, /dev/shm ({_shared_memory()}). Give it more '
        '(docker run --shm-size=8g), or lower train_dataloader.num_workers or batch_size; '
        'train_dataloader.num_workers=0 train_dataloader.persistent_workers=False needs no shared '
        'memory, and shows the cause of errors in the data'
    )


def _shared_memory() -> str:
    """Size of the shared memory of this machine."""
    try:
        return f'{shutil.disk_usage("/dev/shm").total / 2**20:.0f} MiB'
    except OSError:
        return 'size unknown'
