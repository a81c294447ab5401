# Your labelled folder of tiles, on a GPU: set data.root, and data.held_out where the last groups by
# name are not the ones to score. ImageNet's weights are downloaded once; `only` chooses more.
_base_ = '../_base_/studies/methods_resnet50.py'
title = 'Which initialisation for my data?'
data = dict(root='data/my_tiles', max_train=20000, max_val=2000)
only = [
    *['random', 'imagenet', 'imagenet-statistics', 'glcnet', 'simclr'],
    *['imagenet-glcnet', 'imagenet-simclr'],
]
proposed = 'imagenet-glcnet'
labels = ['1%', '5%', '100%']
seeds = [0, 1, 2, 3, 4]
pretrain_steps = 20000
quick = dict(only=['random', 'imagenet', 'imagenet-glcnet'], labels=['1%'], pretrain_steps=2000)
