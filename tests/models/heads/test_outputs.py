import torch

from glcnet_plugin.models.heads import BranchOutput


def test_detached_outputs_hold_no_graph_and_nothing_else_changes():
    z = torch.rand(4, 3, requires_grad=True)
    output = BranchOutput((z * 2).sum(), z1=z * 2, valid=torch.ones(4, dtype=torch.bool))
    kept = output.detach()
    assert output.loss.requires_grad and not kept.loss.requires_grad
    assert torch.equal(kept.z1, output.z1) and not kept.z1.requires_grad
    assert kept.valid.all() and kept.chance is kept.z2 is kept.boxes is None
