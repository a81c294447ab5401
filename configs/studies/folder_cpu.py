# Your labelled folder of tiles, on a CPU: set data.root. ImageNet's weights are the start of the
# pretraining, and what it has to beat. With `pretrain_seeds=[0]` the intervals say nothing about
# another pretraining.
_base_ = '../_base_/studies/methods_lite0.py'
title = 'Which initialisation for my data?'
data = dict(root='data/my_tiles', max_val=400)
only = ['random', 'imagenet', 'imagenet-statistics', 'glcnet', 'simclr']
labels = ['16', '64', '100%']
pretrain_seeds = [0, 1, 2]
quick = dict(
    finetune=False,
    only=['random', 'imagenet', 'imagenet-statistics', 'glcnet'],
    labels=['16', '64'],
    pretrain_seeds=[0],
    pretrain_steps=400,
)
