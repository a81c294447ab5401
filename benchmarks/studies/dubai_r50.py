# Dubai on a GPU, ResNet-50. docs/benchmarks/dubai.md.
_base_ = '../../configs/studies/folder_r50.py'
title = 'Dubai, ResNet-50'
data = dict(root='data/dubai', held_out=['D', 'E'])
only = [
    *['random', 'imagenet', 'imagenet-statistics', 'glcnet', 'glcnet-decoder'],
    *['simclr', 'mocov2', 'densecl', 'imagenet-glcnet', 'imagenet-simclr'],
]
