# Pretraining on NAIP (California, 0.6 m), fine-tuning on Dubai: another region and sensor.
# docs/benchmarks/dubai.md.
_base_ = './dubai_cpu.py'
title = 'Pretrained on NAIP, fine-tuned on Dubai, a narrow network'
data = dict(pretrain_root='data/naip/images')
only = ['random', 'glcnet', 'simclr', 'barlowtwins']
