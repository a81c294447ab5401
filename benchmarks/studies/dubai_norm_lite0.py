# What objective_tries_lite0.py found on other groups, on groups D and E with two pretrainings:
# batch normalisation in the projectors of GLCNet.
from mmengine import Config

_base_ = '../../configs/_base_/studies/methods_lite0.py'
title = 'Dubai, projectors with batch normalisation'
data = Config.fromfile('{{ fileDirname }}/dubai_lite0.py').data
del Config
labels = ['8', '16', '64']
seeds = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
pretrain_seeds = [0, 1]  # each for five draws
pretrain_steps = 400
finetune = False
_ours = dict(_base_.methods['glcnet'])
methods = {
    'glcnet-norm': dict(
        _ours,
        title='ImageNet + GLCNet, projectors with BN',
        options={f'model.{head}_head.norm': True for head in ('style', 'local')},
    )
}
only = ['imagenet', 'imagenet-statistics', 'glcnet', 'glcnet-norm', 'simclr']
