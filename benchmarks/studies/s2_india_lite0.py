# Sentinel-2 images of India, R, G and B, three classes, on a CPU: continued pretraining from
# ImageNet with EfficientNet-Lite0. The held-out groups are those of s2_india_cpu.py.
_base_ = '../../configs/_base_/studies/methods_lite0.py'
title = 'Sentinel-2, continued from ImageNet'
data = dict(
    root='data/s2_rgb_256',
    held_out=['0', '2', '3', '10', '11', '17', '21', '34', '40', '42', '48'],
    max_val=400,
)
