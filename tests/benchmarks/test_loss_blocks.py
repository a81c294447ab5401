import loss_blocks
import torch

from glcnet_plugin.models.losses import contrastive


def test_both_forms_run(monkeypatch):
    monkeypatch.setattr(contrastive, 'BLOCK', 64)
    sizes = []
    split = torch.split
    monkeypatch.setattr(torch, 'split', lambda x, n: sizes.append(n) or split(x, n))
    loss_blocks.run(8, whole=False)
    assert sizes == [4]  # 64 similarities, 16 embeddings
    loss_blocks.run(8, whole=True)
    assert sizes == [4]  # at once
