"""Imports that print nothing of no use."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout

# printed by mmseg and mmpretrain about datasets that this package does not use
USELESS_LINES = ('Could not import OneDL',)
# message and module of warnings that need no action
USELESS_WARNINGS = (
    # operators that no network here uses
    ('Fail to import ``MultiScaleDeformableAttention``', r'mmcv\.cnn\.bricks\.transformer'),
    # once per data loader; waiting workers cost no time
    ('This DataLoader will create', r'torch\.utils\.data\.'),
)


@contextmanager
def quiet_imports() -> Iterator[None]:
    """Import the toolboxes without their useless notes; everything else is printed.

    Lines are dropped inside of the block. The filters of warnings stay, also for later ones.
    """
    for message, module in USELESS_WARNINGS:
        warnings.filterwarnings('ignore', message, UserWarning, module)
    printed = io.StringIO()
    try:
        with redirect_stdout(printed):
            yield
    finally:
        for line in printed.getvalue().splitlines():
            if line not in USELESS_LINES:
                print(line)
