# Parts and settings of GLCNet, compared by linear probes alone, on other groups of Dubai than
# dubai_cpu.py scores, so that what is chosen here can be shown there. docs/benchmarks/log.md.
from mmengine import Config

_base_ = './dubai_cpu.py'
title = 'Dubai, settings of GLCNet'
data = dict(held_out=['A', 'C'])
labels = ['1%', '10%']
pretrain_seeds = [0, 1]
finetune = False
_try = dict(_base_.methods['glcnet'])
_tiles = '{{ fileDirname }}/../../configs/_base_/datasets/unlabeled_demo_64.py'
_crop, _flip, _turn = Config.fromfile(_tiles).train_pipeline[2].views[1][:3]
del Config
_true_colours = {'train_dataloader.dataset.pipeline.2.views': [[_crop], [_crop, _flip, _turn]]}
methods = {
    'backbone-style': dict(
        _try, title='GLCNet, style of the backbone', options={'model.style_source': 'backbone'}
    ),
    'large-regions': dict(
        _try, title='GLCNet, regions of 28 px', options={'model.local_head.region_size': 28}
    ),
    'true-colours': dict(_try, title='GLCNet, colours left as they are', options=_true_colours),
}
exceptions = {'true-colours': {'train_dataloader': 'the second view keeps its colours'}}
only = [
    'random', 'glcnet', 'glcnet-style', 'glcnet-local', 'glcnet-means', 'backbone-style',
    'large-regions', 'true-colours', 'simclr',
]  # fmt: skip
