import torch
from local_features import upsample_then_average

from glcnet_plugin.models.utils import pool_regions


def test_the_reference_computes_the_same_features():
    x = torch.rand(2, 3, 7, 7)
    boxes = torch.tensor([[[0, 0, 5, 5], [9, 3, 21, 15]]] * 2)
    torch.testing.assert_close(upsample_then_average(x, boxes, 28), pool_regions(x, boxes, 28))
