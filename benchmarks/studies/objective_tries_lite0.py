# Objectives of continued pretraining, compared as dubai_tries_lite0.py compares settings; what
# wins is to be shown by dubai_lite0.py, on other groups. `only` chooses.
from mmengine import Config

_base_ = './dubai_lite0.py'
title = 'Dubai A and C, objectives of continued pretraining'
data = dict(held_out=['A', 'C'])
labels = ['8', '16', '64']
seeds = [0, 1, 2, 3, 4, 5, 6, 7]
pretrain_seeds = [0, 1]
finetune = False
_warmup = 'default_hooks.backbone_warmup'
_views = 'train_dataloader.dataset.pipeline.2.views'
_tiles = '{{ fileDirname }}/../../configs/_base_/datasets/unlabeled_96.py'
_view = Config.fromfile(_tiles).train_pipeline[2].views[1]
del Config
_symmetric = {_views: [_view, _view]}
_norm = {f'model.{head}_head.norm': True for head in ('style', 'local')}
_wide = {f'model.{head}_head.hidden_channels': 1024 for head in ('style', 'local')}
_regions, _size = 'model.local_head.num_regions', 'model.local_head.region_size'
_aligned = {'model.local_head.ground_aligned': True}
_swapped = dict(type='glcnet_plugin.SwappedPredictionLoss', num_prototypes=32, temperature=0.1)
_prototypes = {  # a cell of the dense map has 4 px
    'model.local_head.loss': _swapped, _regions: 32, _size: 8,
}  # fmt: skip
_backbone = {'model.style_source': 'backbone'}
_global = {  # the loss, projector and features of SimCLR, and the local branch
    **_backbone,
    'model.style_head.type': 'glcnet_plugin.AverageContrastHead',
    'model.style_head.norm': True,
    'model.style_head.hidden_channels': 320,
    'model.style_head.loss.positive_in_denominator': True,
}
_momentum = {
    'model.type': 'glcnet_plugin.MomentumGLCNet',
    'model.momentum': 0.025,  # 25 times within 1,000 steps
    'model.queue_length': 1920,
}
_warmups = {
    steps: {_warmup: dict(type='glcnet_plugin.BackboneWarmupHook', steps=steps)}
    for steps in (100, 300)
}
_stages = {'model.local_stages': [2, 3]}
_tries = {
    'warmup100': ('decoder alone for 100 steps', _warmups[100]),
    'warmup300': ('decoder alone for 300 steps', _warmups[300]),
    'stages': ('local loss on strides 16 and 32 too', _stages),
    'all-stages': ('local loss on strides 4 to 32 too', {'model.local_stages': [0, 1, 2, 3]}),
    'prototypes': ('prototypes of cells', _prototypes),
    'prototypes-stages': ('prototypes, on strides 16 and 32 too', {**_prototypes, **_stages}),
    'regions8': ('8 regions', {_regions: 8}),
    'regions16': ('16 regions', {_regions: 16}),
    'aligned': ('regions of equal ground', _aligned),
    'aligned16': ('16 regions of equal ground', {**_aligned, _regions: 16}),
    'norm': ('projectors with BN', _norm),
    'wide-norm': ('projectors with BN, 1,024 wide', {**_norm, **_wide}),
    'style-backbone': ("style of the backbone's map", _backbone),
    'global-simclr': ('global branch of SimCLR', _global),
    'symmetric': ('both views changed', _symmetric),
    'momentum': ('momentum encoder, queue', _momentum),
    'combined': (
        'warm-up, strides 16 and 32, BN', {**_warmups[100], **_stages, **_norm},
    ),
}  # fmt: skip
_ours, _theirs = dict(_base_.methods['glcnet']), dict(_base_.methods['simclr'])
methods = {
    **{
        key: dict(_ours, title=f'{_ours["title"]}, {text}', options=options)
        for key, (text, options) in _tries.items()
    },
    'simclr-symmetric': dict(
        _theirs,
        family='simclr',
        title=f'{_theirs["title"]}, both views changed',
        options=_symmetric,
    ),
}
exceptions = {
    name: {_warmup: 'a warm-up of the decoder is tried', _views: 'the views are tried'}
    for name in methods
}
only = [
    'random', 'imagenet', 'imagenet-statistics', 'glcnet', 'simclr', 'barlowtwins', 'densecl',
    *methods,
]  # fmt: skip
