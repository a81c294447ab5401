# All methods on the generated tiles of the demo, with its narrow network, on a CPU.
_base_ = '../_base_/studies/methods_demo.py'
title = 'All methods on generated tiles'
data = dict(root='work_dirs/demo/tiles')
only = [
    'random', 'glcnet', 'simclr', 'mocov2', 'byol', 'simsiam', 'barlowtwins', 'densecl',
    'inpainting', 'jigsaw',
]  # fmt: skip
labels = ['4', '16', '64', '100%']
seeds = [0, 1, 2, 3, 4]
pretrain_seeds = seeds  # so that intervals include the variance of the pretraining
pretrain_steps = 700
quick = dict(
    only=['random', 'glcnet', 'simclr', 'mocov2', 'barlowtwins'],
    labels=['4', '64'],
    pretrain_seeds=[0],
    pretrain_steps=300,
)
