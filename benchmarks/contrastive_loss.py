"""Contrastive loss, forward and backward, against the naive broadcast form.

The reference compares all pairs by a cosine similarity over (2N, 2N, D), as the formula is
usually written, and sums masked exponentials. N = 1,024 pairs of embeddings of size 64.

Example:
    python benchmarks/contrastive_loss.py
"""

import torch
from measure import median_seconds, no_options, peak_bytes, report
from torch import Tensor
from torch.nn import functional as F

from glcnet_plugin.models.losses import nt_xent

COUNT, CHANNELS, TEMPERATURE = 1024, 64, 0.5


def broadcast_nt_xent(z1: Tensor, z2: Tensor, temperature: float) -> Tensor:
    """The loss with an explicit (2N, 2N, D) comparison.

    Args:
        z1: (N, D) embeddings of view 1.
        z2: (N, D) embeddings of view 2.
        temperature: Divisor of the similarities.

    Returns:
        Scalar loss.
    """
    z = torch.cat([z1, z2])  # (2N, D)
    count = len(z1)
    similarity = F.cosine_similarity(z[:, None, :], z[None, :, :], dim=-1) / temperature
    rows = torch.arange(2 * count)
    partner = (rows + count) % (2 * count)
    negative = torch.ones(2 * count, 2 * count)
    negative[rows, rows] = 0
    negative[rows, partner] = 0
    below = (similarity.exp() * negative).sum(1)
    return -(similarity[rows, partner].exp() / below).log().mean()


def run(loss: str) -> float:
    """Forward and backward of one of the two; returns the loss."""
    generator = torch.Generator().manual_seed(0)
    z1, z2 = (torch.randn(COUNT, CHANNELS, generator=generator).requires_grad_() for _ in range(2))
    value = {'ours': nt_xent, 'reference': broadcast_nt_xent}[loss](z1, z2, TEMPERATURE)
    value.backward()
    return value.item()


def run_ours() -> float:
    """Our loss."""
    return run('ours')


def run_reference() -> float:
    """The reference."""
    return run('reference')


def main() -> None:
    """Measure both."""
    no_options(__doc__)
    difference = abs(run_ours() - run_reference()) / abs(run_reference())
    if difference > 1e-5:
        raise SystemExit(f'the two losses differ by {difference:.2e}')
    ours, reference = median_seconds(run_ours, 20), median_seconds(run_reference, 3)
    our_memory, their_memory = peak_bytes(run_ours), peak_bytes(run_reference)
    report(
        'contrastive_loss',
        {
            'pairs': COUNT,
            'channels': CHANNELS,
            'relative_difference': difference,
            'reference_seconds': round(reference, 4),
            'ours_seconds': round(ours, 5),
            'times_faster': round(reference / ours, 1),
            'reference_peak_mib': round(their_memory / 2**20),
            'ours_peak_mib': round(our_memory / 2**20),
            'memory_ratio': round(our_memory / their_memory, 3),
        },
    )


if __name__ == '__main__':
    main()
