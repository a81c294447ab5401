"""The memory allocator of the process."""

import ctypes
import os
from collections.abc import Mapping

TRIM_THRESHOLD, MMAP_MAX = -1, -4  # parameters of mallopt(3)
SETTINGS = ('MALLOC_', 'GLIBC_TUNABLES')  # starts of variables that set the allocator


def keep_freed_memory(environment: Mapping[str, str] = os.environ) -> bool:
    """Keep freed memory in the process for its next tensors, on Linux with glibc.

    A training step frees the tensors that the next one allocates again. glibc returns large ones
    to the system at once, which must map and clear every page of the new ones. No result changes;
    the process holds its peak memory until it ends.

    Args:
        environment: Variables of the process; those of the user that set the allocator win.

    Returns:
        Whether memory is kept.
    """
    mallopt = getattr(ctypes.CDLL(None), 'mallopt', None) if os.name == 'posix' else None
    if mallopt is None or any(name.startswith(SETTINGS) for name in environment):
        return False
    return all([mallopt(MMAP_MAX, 0), mallopt(TRIM_THRESHOLD, -1)])
