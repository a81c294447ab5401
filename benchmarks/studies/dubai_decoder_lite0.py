# Whether the decoder that GLCNet trains pays in fine-tuning with few labels: DeepLabV3+ with it,
# and a linear head on the backbone for the others, as in their recipe. Dubai, groups D
# and E, with the pretrainings of dubai_norm_lite0.py.
from mmengine import Config

_base_ = '../../configs/_base_/studies/methods_lite0.py'
title = 'Dubai, fine-tuned with a pretrained decoder'
data = Config.fromfile('{{ fileDirname }}/dubai_lite0.py').data
del Config
networks = {'d3plus': 'downstream/d3plus_lite0_1xb8-300i_few-labels.py'}
labels = ['16']
seeds = [0, 1, 2, 3, 4]
pretrain_seeds = seeds
pretrain_steps = 400
_ours, _theirs = dict(_base_.methods['glcnet']), dict(_base_.methods['simclr'])
methods = {
    'glcnet-decoder': dict(
        _ours,
        title='ImageNet + GLCNet, decoder loaded too',
        network='d3plus',
        scope='encoder_decoder',
    ),
    'simclr-d3plus': dict(_theirs, title='ImageNet + SimCLR, decoder random', network='d3plus'),
}
only = ['imagenet', 'simclr', 'glcnet', 'glcnet-decoder', 'simclr-d3plus']
