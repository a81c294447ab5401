"""A contrastive head as a user writes it: it shares nothing with those of the package."""

import torch.nn.functional as F
from mmengine.model import BaseModule
from mmengine.registry import MODELS
from mmpretrain.registry import MODELS as MMPRETRAIN_MODELS
from torch import nn

from glcnet_plugin.models.heads import BranchOutput


@MODELS.register_module()
class PredictorHead(BaseModule):
    """Predict the embedding of one view from the other, without negatives (as SimSiam)."""

    def __init__(self, in_channels, width=16):
        super().__init__()
        self.project = nn.Linear(in_channels, width)
        self.predict = nn.Linear(width, width)

    def loss(self, maps, *context):
        z1, z2 = self.project(maps.mean((2, 3))).chunk(2)
        p1, p2 = self.predict(z1), self.predict(z2)
        ahead = F.cosine_similarity(p1, z2.detach()).mean()
        back = F.cosine_similarity(p2, z1.detach()).mean()
        return BranchOutput(1 - (ahead + back) / 2, z1=z1, z2=z2)


@MMPRETRAIN_MODELS.register_module()
class TupleHead(PredictorHead):
    """The same, with a result that says nothing of its parts."""

    def loss(self, maps, *context):
        output = super().loss(maps, *context)
        return output.loss, output.z1
