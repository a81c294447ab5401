# Parts and settings of GLCNet, compared by linear probes alone, on other groups of Dubai than
# dubai_cpu.py scores, so that what is chosen here can be shown there. docs/benchmarks/log.md.
_base_ = './dubai_cpu.py'
title = 'Dubai, settings of GLCNet'
data = dict(held_out=['A', 'C'])
labels = ['1%', '10%']
pretrain_seeds = [0, 1]
finetune = False
_try = dict(_base_.methods['glcnet'])
_crop = dict(
    type='glcnet_plugin.TrackedRandomResizedCrop',
    scale=64,
    crop_ratio_range=(0.4, 1.0),
    aspect_ratio_range=(3 / 4, 4 / 3),
)
_flip = dict(
    type='glcnet_plugin.TrackedRandomFlip',
    prob=[0.2, 0.2, 0.2],
    direction=['horizontal', 'vertical', 'diagonal'],
)
_turn = dict(type='glcnet_plugin.RandomRotate90', prob=0.8)
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
