# Whether the decoder that GLCNet trains pays in fine-tuning with few labels: DeepLabV3+ on Dubai,
# groups D and E, with the same pretrainings as dubai_norm_lite0.py.
from mmengine import Config

_base_ = '../../configs/_base_/studies/methods_lite0.py'
title = 'Dubai, fine-tuned with a pretrained decoder'
data = Config.fromfile('{{ fileDirname }}/dubai_lite0.py').data
del Config
networks = dict(_delete_=True, d3plus='downstream/d3plus_lite0_1xb8-300i_few-labels.py')
labels = ['16']
seeds = [0, 1, 2, 3]
pretrain_seeds = seeds
pretrain_steps = 400
_ours = dict(_base_.methods['glcnet'])
methods = {
    'glcnet-decoder': dict(
        _ours, title='ImageNet + GLCNet, decoder loaded too', scope='encoder_decoder'
    )
}
only = ['imagenet', 'simclr', 'glcnet', 'glcnet-decoder']
