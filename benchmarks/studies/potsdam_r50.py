# The paper's Potsdam protocol: 13,824 tiles to pretrain on, 138 labelled, 8,064 scored, 256 px,
# R, G, B, IR. docs/benchmarks/potsdam.md.
_base_ = '../../configs/_base_/studies/methods_resnet50.py'
title = 'Potsdam, the protocol of the paper'
data = dict(
    root='data/potsdam',
    held_out=[
        *['2_13', '2_14', '3_13', '3_14', '4_13', '4_14', '4_15'],
        *['5_13', '5_14', '5_15', '6_13', '6_14', '6_15', '7_13'],
    ],
    max_train=13824,
    max_val=8064,
)
networks = {'resnet50': 'downstream/d3plus_r50_1xb16-150e_rgb.py'}
_rates = {'model.decode_head.dilations': [1, 6, 12, 18]}  # the paper's
methods = dict(
    glcnet=dict(options=_rates),
    inpainting=dict(options={'model.decode_head.num_classes': 4, **_rates}),  # as many as bands
)
finetune_options = _rates
only = ['random', 'glcnet', 'simclr', 'mocov2', 'densecl', 'inpainting', 'jigsaw']
labels = ['1%']
seeds = [0, 1, 2, 3, 4]
pretrain_steps = 21600  # 400 epochs of 256, or 100 of 64
quick = dict(only=['random', 'glcnet'], pretrain_steps=2160)
