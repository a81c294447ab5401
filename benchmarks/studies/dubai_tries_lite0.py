# Settings of continued pretraining, compared by linear probes on other groups of Dubai than
# dubai_lite0.py scores, so that what is chosen here can be shown there.
_base_ = './dubai_lite0.py'
title = 'Dubai A and C, settings of continued pretraining'
data = dict(held_out=['A', 'C'])
labels = ['8', '16', '64']
seeds = [0, 1, 2, 3, 4, 5, 6, 7]
pretrain_seeds = [0]
pretrain_steps = 400
finetune = False
_try = dict(_base_.methods['glcnet'])
_warmup = {'param_scheduler.0.end': 20, 'param_scheduler.1.begin': 20}
methods = {
    'lr3e-4': dict(_try, options={**_warmup, 'optim_wrapper.optimizer.lr': 3e-4}),
    'lr1e-3': dict(_try, options=_warmup),
    'lr3e-3': dict(_try, options={**_warmup, 'optim_wrapper.optimizer.lr': 3e-3}),
}
_rate = {'optim_wrapper': 'the learning rate is tried'}
exceptions = {'lr3e-4': _rate, 'lr3e-3': _rate}
proposed = 'lr1e-3'
only = ['random', 'imagenet', 'imagenet-statistics', 'lr3e-4', 'lr1e-3', 'lr3e-3']
