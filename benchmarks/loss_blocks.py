"""Memory and time of the contrastive loss in blocks, against all similarities at once.

Forward and backward with 4,096, 16,384 and 65,536 items (two embeddings of size 64 each). All
similarities of 65,536 items would take 64 GiB, so they are computed in blocks only. On a CPU,
memory is released only with MALLOC_MMAP_THRESHOLD_=1048576, which is set here.

Example:
    python benchmarks/loss_blocks.py
"""

import os
import time
from functools import partial

import torch
from measure import no_options, peak_bytes, report

from glcnet_plugin.models.losses import contrastive, nt_xent

CHANNELS = 64
COUNTS = (4096, 16384, 65536)
MOST_WHOLE = 16384
MIB = 2**20


def run(count: int, whole: bool) -> None:
    """Forward and backward of the loss of ``count`` items."""
    if whole:
        contrastive.BLOCK = 10**18
    generator = torch.Generator().manual_seed(0)
    z1, z2 = (torch.randn(count, CHANNELS, generator=generator).requires_grad_() for _ in range(2))
    nt_xent(z1, z2, 0.5).backward()


def main() -> None:
    """Measure each in its own process."""
    no_options(__doc__)
    # else glibc keeps freed blocks in a fragmented heap, and the process grows without using the
    # memory; GPUs have an allocator of their own
    os.environ.setdefault('MALLOC_MMAP_THRESHOLD_', str(MIB))
    rows = []
    for count in COUNTS:
        row: dict[str, float] = {'items': count}
        for name in ('blocks', 'whole'):
            if name == 'blocks' or count <= MOST_WHOLE:
                start = time.perf_counter()
                row[f'{name}_mib'] = peak_bytes(partial(run, count, name == 'whole')) / MIB
                row[f'{name}_seconds'] = (
                    time.perf_counter() - start
                )  # includes starting the process
        rows.append(row)
        print(row, flush=True)
    report('loss_blocks', {'rows': rows})


if __name__ == '__main__':
    main()
