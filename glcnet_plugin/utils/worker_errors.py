"""What it means when a data-loading process dies."""

import shutil

# How torch says that /dev/shm is full; GPUs have a shared memory of another kind.
NO_ROOM = ('Bus error', '(shm)', 'shared memory object', '</torch_')


def worker_error_message(error: Exception) -> str | None:
    """What a failure of the processes of a loader means, None for any other error.

    Args:
        error: What torch raises: it says so, or finds the other end of a connection gone.
    """
    text = str(error)
    if any(mark in text for mark in NO_ROOM):
        return (
            'the processes that read the data found no room in shared memory, /dev/shm '
            f'({_shared_memory()}): give it more (docker run --shm-size=8g), or take a smaller '
            'train_dataloader.num_workers or batch_size; num_workers=0 needs none'
        )
    gone = isinstance(error, ConnectionError | EOFError | FileNotFoundError)
    if 'DataLoader worker (pid' in text or (gone and 'Original Traceback' not in text):
        what = text or type(error).__name__
        return (
            f'a process that reads the data was ended by the system ({what}): mostly for want of '
            f'memory, or of room in shared memory, /dev/shm ({_shared_memory()}). Take a smaller '
            'train_dataloader.num_workers; with num_workers=0 an error of the data themselves '
            'shows its cause'
        )
    return None


def _shared_memory() -> str:
    """Size of the shared memory of this machine."""
    try:
        return f'{shutil.disk_usage("/dev/shm").total / 2**20:.0f} MiB'
    except OSError:
        return 'size unknown'
