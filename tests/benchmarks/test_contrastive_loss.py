import torch
from contrastive_loss import broadcast_nt_xent

from glcnet_plugin.models.losses import nt_xent


def test_the_reference_computes_the_same_loss():
    z1, z2 = torch.randn(2, 9, 4)
    torch.testing.assert_close(broadcast_nt_xent(z1, z2, 0.5), nt_xent(z1, z2, 0.5))
