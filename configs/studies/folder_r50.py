# Your labelled folder of tiles, on a GPU: set data.root, and data.held_out where the last groups by
# name are not the ones to score.
_base_ = '../_base_/studies/methods_resnet50.py'
title = 'Which initialisation for my data?'
data = dict(root='data/my_tiles', max_train=20000, max_val=2000)
only = ['random', 'imagenet', 'glcnet', 'glcnet-decoder', 'simclr', 'mocov2', 'densecl']
labels = ['1%', '5%', '100%']
seeds = [0, 1, 2, 3, 4]
pretrain_steps = 20000
quick = dict(only=['random', 'imagenet', 'glcnet'], labels=['1%'], pretrain_steps=2000)
