"""The contrastive loss with a queue of negatives, as a module that configs can name."""

from torch import Tensor, nn

from glcnet_plugin.models.losses.contrastive import check_temperature, queue_nt_xent
from glcnet_plugin.models.losses.nt_xent_loss import LossWithChance
from glcnet_plugin.registry import MODELS


@MODELS.register_module()
class QueueNTXentLoss(nn.Module):
    """Contrastive loss whose negatives wait in a queue, see :func:`queue_nt_xent`.

    Source: MoCo, eq. 1, https://arxiv.org/abs/1911.05722.

    Args:
        temperature: Divisor of the similarities.
        positive_in_denominator: False for GLCNet's (decoupled) form, True for MoCo's.

    Raises:
        ConfigError: If the temperature is not positive.
    """

    def __init__(self, temperature: float = 0.5, positive_in_denominator: bool = False) -> None:
        super().__init__()
        check_temperature(temperature)
        self.temperature = temperature
        self.positive_in_denominator = positive_in_denominator

    def forward(
        self, query: Tensor, key: Tensor, queue: Tensor, valid: Tensor | None = None
    ) -> LossWithChance:
        """Loss of the items of this process.

        Args:
            query: (n, D) embeddings that learn.
            key: (n, D) embeddings of the other view, without gradient.
            queue: (L, D) keys of earlier batches, the negatives.
            valid: (n,) booleans, the items that take part; None for all.

        Returns:
            Loss and its chance level, the log of the number of terms; loss 0, with a gradient,
            where no item is valid.
        """
        kept = slice(None) if valid is None else valid
        loss = queue_nt_xent(
            query[kept], key[kept], queue, self.temperature, self.positive_in_denominator
        )
        terms = len(queue) + self.positive_in_denominator
        return LossWithChance(loss, loss.new_tensor(terms).log())
