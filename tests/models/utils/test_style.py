import numpy as np
import pytest
import torch

from glcnet_plugin.errors import DataError
from glcnet_plugin.models.utils import style_vector


def test_reproduces_the_official_code(official):
    result = style_vector(torch.from_numpy(official['style_in']))
    np.testing.assert_allclose(result.numpy(), official['style_out'], rtol=1e-5, atol=1e-6)


def test_means_come_before_unbiased_variances():
    x = torch.tensor([[[[1.0, 3.0]], [[2.0, 2.0]]]])  # (1, 2, 1, 2)
    assert style_vector(x).tolist() == [[2.0, 2.0, 2.0, 0.0]]


def test_ignores_where_things_are():
    x = torch.rand(2, 3, 4, 5)
    shuffled = x.flatten(2)[..., torch.randperm(20)].view_as(x)
    torch.testing.assert_close(style_vector(x), style_vector(shuffled))


def test_runs_in_float32_under_autocast():
    x = torch.rand(2, 3, 8, 8) * 1e-3 + 100  # such values have no variance in bfloat16
    with torch.autocast('cpu', torch.bfloat16):
        result = style_vector(x)
    assert result.dtype == torch.float32
    torch.testing.assert_close(result, style_vector(x))
    assert style_vector(x.bfloat16()).dtype == torch.float32


def test_gradient():
    x = torch.rand(2, 2, 3, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(style_vector, (x,))


def test_single_cell_is_refused():
    with pytest.raises(DataError, match=r'\(2, 3, 1, 1\).*larger views'):
        style_vector(torch.rand(2, 3, 1, 1))
