"""Metrics of embeddings of two views: do they tell items apart?"""

import torch
import torch.nn.functional as F
from torch import Tensor

from glcnet_plugin.models.utils.precision import full_precision


@torch.no_grad()
def embedding_metrics(z1: Tensor, z2: Tensor) -> dict[str, Tensor]:
    """Metrics of the embeddings of a batch.

    Args:
        z1: (N, D) embeddings of view 1, of any length, N >= 2.
        z2: (N, D) embeddings of view 2; row i shows the same item as row i of ``z1``.

    Returns:
        Scalars: ``alignment``, the mean squared distance of the two views, and ``uniformity``,
        the log of the mean of ``exp(-2 d^2)`` over pairs of items (Wang and Isola, ICML 2020,
        https://arxiv.org/abs/2005.10242; lower is better for both); ``std``, the mean standard
        deviation of a dimension times sqrt(D), 1 for evenly distributed directions and 0 for a
        collapse (Chen and He, SimSiam, section 4.1, https://arxiv.org/abs/2011.10566);
        ``mean_norm``, the norm of the mean embedding, 0 for even directions and 1 for a collapse;
        ``effective_rank``, between 1 and D (Roy and Vetterli, EUSIPCO 2007); ``positive``, the
        mean cosine similarity of the two views, and ``hardest_negative``, that of the most
        similar other item. NaN where embeddings are not finite.
    """
    with full_precision(z1, z2) as (z1, z2):
        z1, z2 = F.normalize(z1, dim=1), F.normalize(z2, dim=1)
        similarity = z1 @ z2.T  # (N, N)
        positive = similarity.diagonal()
        itself = torch.eye(len(z1), dtype=torch.bool, device=z1.device)
        distance = (2 - 2 * (z1 @ z1.T)[~itself]).clamp(min=0)
        centred = z1 - z1.mean(0)
        strength = torch.linalg.svdvals(centred.nan_to_num())  # svdvals refuses NaN
        share = strength / strength.sum().clamp(min=torch.finfo(z1.dtype).tiny)
        entropy = -torch.special.xlogy(share, share).sum()
        return {
            'alignment': (2 - 2 * positive).mean(),
            'uniformity': (-2 * distance).exp().mean().log(),
            'mean_norm': z1.mean(0).norm(),
            'std': z1.std(0).mean() * z1.shape[1] ** 0.5,
            'effective_rank': entropy.exp().where(centred.isfinite().all(), torch.nan),
            'positive': positive.mean(),
            'hardest_negative': similarity.masked_fill(itself, -torch.inf).amax(1).mean(),
        }
