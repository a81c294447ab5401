"""Whether embeddings of two views tell items apart: numbers for the log."""

import torch
import torch.nn.functional as F
from torch import Tensor

from glcnet_plugin.models.utils.precision import full_precision


@torch.no_grad()
def embedding_metrics(z1: Tensor, z2: Tensor) -> dict[str, Tensor]:
    """Describe the embeddings of a batch.

    Args:
        z1: (N, D) embeddings of view 1, of any length, N >= 2.
        z2: (N, D) embeddings of view 2; row i shows the same item as row i of ``z1``.

    Returns:
        Scalars: ``alignment``, the mean squared distance of the two views, and ``uniformity``,
        the log of the mean of ``exp(-2 d^2)`` over pairs of items (Wang and Isola, ICML 2020,
        https://arxiv.org/abs/2005.10242; both: lower is better); ``spread``, the mean deviation
        of a dimension times sqrt(D), 1 for directions spread evenly and 0 for a collapse (Chen
        and He, SimSiam, section 4.1, https://arxiv.org/abs/2011.10566); ``centre``, the length of
        the mean embedding, 0 for even and 1 for a collapse; ``rank``, the effective
        rank, between 1 and D (Roy and Vetterli, EUSIPCO 2007); ``positive``, the mean cosine
        similarity of the two views, and ``hardest``, that of the most similar other item. NaN
        where embeddings are not finite.
    """
    with full_precision(z1, z2) as (z1, z2):
        z1, z2 = F.normalize(z1, dim=1), F.normalize(z2, dim=1)
        similarity = z1 @ z2.T  # (N, N)
        positive = similarity.diagonal()
        itself = torch.eye(len(z1), dtype=torch.bool, device=z1.device)
        distance = (2 - 2 * (z1 @ z1.T)[~itself]).clamp(min=0)
        centred = z1 - z1.mean(0)
        strength = torch.linalg.svdvals(centred.nan_to_num())  # which refuses what is no number
        share = strength / strength.sum().clamp(min=torch.finfo(z1.dtype).tiny)
        entropy = -torch.special.xlogy(share, share).sum()
        return {
            'alignment': (2 - 2 * positive).mean(),
            'uniformity': (-2 * distance).exp().mean().log(),
            'centre': z1.mean(0).norm(),
            'spread': z1.std(0).mean() * z1.shape[1] ** 0.5,
            'rank': entropy.exp().where(centred.isfinite().all(), torch.nan),
            'positive': positive.mean(),
            'hardest': similarity.masked_fill(itself, -torch.inf).amax(1).mean(),
        }
