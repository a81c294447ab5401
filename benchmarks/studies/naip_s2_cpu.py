# Four bands: pretraining on NAIP (California, 0.6 m), fine-tuning on Sentinel-2 images of India
# (10 m): another region, sensor and resolution. docs/benchmarks/four_bands.md.
_base_ = './s2_india_cpu.py'
title = 'Pretrained on NAIP, fine-tuned on Sentinel-2, four bands, a narrow network'
data = dict(pretrain_root='data/naip_rgbn/images')
