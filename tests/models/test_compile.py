"""What torch.compile makes of the objective."""

import pytest
import torch

from glcnet_plugin.models.heads import LocalMatchingHead, StyleContrastHead

# later versions between the two that are tried may do it, too
pytestmark = pytest.mark.skipif(
    torch.__version__ < (2, 5), reason='torch 2.1 splits a graph at a context manager'
)
MATRICES = torch.eye(3).repeat(3, 2, 1, 1)


def style(maps):
    return StyleContrastHead(24, 8, 5).loss, (maps,)


def local(maps):
    return LocalMatchingHead(12, 8, 5, region_size=12).loss, (maps, MATRICES, (64, 64), False)


@pytest.mark.slow
@pytest.mark.parametrize('branch', [style, local])
def test_a_branch_is_one_graph(branch):
    loss, inputs = branch(torch.randn(6, 12, 8, 8))
    torch._dynamo.reset()
    found = torch._dynamo.explain(loss)(*inputs)
    assert (found.graph_count, found.graph_break_count) == (1, 0), found.break_reasons


@pytest.mark.slow
@pytest.mark.parametrize('branch', [style, local])
def test_a_compiled_branch_learns_the_same(branch):
    maps = torch.randn(6, 12, 8, 8, requires_grad=True)
    loss, inputs = branch(maps)
    torch._dynamo.reset()
    results = []
    for function in (loss, torch.compile(loss, backend='aot_eager', fullgraph=True)):
        torch.manual_seed(0)
        value = function(*inputs).loss
        results.append((value, *torch.autograd.grad(value, maps)))
    torch.testing.assert_close(*results)
