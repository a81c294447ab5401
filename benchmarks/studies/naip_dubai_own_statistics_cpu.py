# As naip_dubai_cpu.py, but every set is normalised by its own means and deviations, as
# tools/dataset_tools/band_stats.py prints them (Dubai: of the tiles of groups A, B and C).
# docs/benchmarks/dubai.md.
_base_ = './dubai_cpu.py'
title = 'Pretrained on NAIP, fine-tuned on Dubai, each normalised by its own statistics'
data = dict(pretrain_root='data/naip/images')
_naip = {
    'model.data_preprocessor.mean': [115.373, 117.205, 112.372],
    'model.data_preprocessor.std': [45.7913, 41.4006, 40.2684],
}
methods = {name: dict(options=_naip) for name in ('glcnet', 'glcnet-decoder', 'simclr')}
finetune_options = {
    'model.data_preprocessor.mean': [143.261, 145.22, 150.119],
    'model.data_preprocessor.std': [68.8981, 71.2239, 74.9149],
}
only = ['random', 'glcnet', 'glcnet-decoder', 'simclr']
labels = ['1%', '10%']
pretrain_seeds = [0, 1, 2]
