import torch

from glcnet_plugin.models.utils import full_precision


def test_casts_halves_up_and_leaves_doubles():
    tensors = [torch.ones(1, dtype=t) for t in (torch.half, torch.bfloat16, torch.float64)]
    with full_precision(*tensors) as cast:
        assert [t.dtype for t in cast] == [torch.float32, torch.float32, torch.float64]


def test_switches_autocast_off_inside_only():
    x = torch.rand(2, 2)
    with torch.autocast('cpu', torch.bfloat16):
        with full_precision(x) as (inner,):
            assert (inner @ inner).dtype == torch.float32
        assert (x @ x).dtype == torch.bfloat16
