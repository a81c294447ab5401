# Settings of continued pretraining, compared by linear probes on other groups of Dubai than
# dubai_lite0.py scores, so that what is chosen here can be shown there. SimCLR is tried with the
# settings that it has too: rates, views, temperature. `only` chooses.
_base_ = './dubai_lite0.py'
title = 'Dubai A and C, settings of continued pretraining'
data = dict(held_out=['A', 'C'])
labels = ['8', '16', '64']
seeds = [0, 1, 2, 3, 4, 5, 6, 7]
pretrain_seeds = [0, 1]
finetune = False
_rate, _layers = 'optim_wrapper.optimizer.lr', 'optim_wrapper.paramwise_cfg'
_pipeline = 'train_dataloader.dataset.pipeline'
_crops = [f'{_pipeline}.2.views.{view}.0' for view in (0, 1)]  # of both views
_ratio = {f'{crop}.crop_ratio_range': (0.3, 1.0) for crop in _crops}
_slower = {f'{_layers}.custom_keys': {'backbone': dict(lr_mult=0.3)}}
_large = {f'{_pipeline}.1.crop_size': 256, **{f'{crop}.scale': 128 for crop in _crops}}
_shared = {
    'lr3e-4': ('learning rate 3e-4', {_rate: 3e-4}),
    'lr2e-3': ('learning rate 2e-3', {_rate: 2e-3}),
    'lr4e-3': ('learning rate 4e-3', {_rate: 4e-3}),
    'backbone30': ('0.3 of the rate for the backbone', _slower),
    'crop30': ('views of 0.3 to 1.0 of the window', _ratio),
    'views128': ('views of 128 px of 256', _large),
}
_temperatures = {f'model.{head}_head.loss.temperature': 0.2 for head in ('style', 'local')}
_of_glcnet = {
    **_shared,
    'views128': (_shared['views128'][0], {**_large, 'model.local_head.region_size': 27}),
    'lambda25': ('style weighs 0.25', {'model.lambda_global': 0.25}),
    'lambda75': ('style weighs 0.75', {'model.lambda_global': 0.75}),
    'temperature20': ('temperature 0.2', _temperatures),
}
_of_simclr = {**_shared, 'temperature20': ('temperature 0.2', {'model.head.temperature': 0.2})}
_presets = {'glcnet': dict(_base_.methods['glcnet']), 'simclr': dict(_base_.methods['simclr'])}
methods = {
    f'{name}-{key}': dict(
        _presets[name], family=name, title=f'{_presets[name]["title"]}, {text}', options=options
    )
    for name, tries in (('glcnet', _of_glcnet), ('simclr', _of_simclr))
    for key, (text, options) in tries.items()
}
exceptions = {
    name: {
        _rate: 'the learning rate is tried',
        _layers: 'a rate of the backbone is tried',
        _pipeline: 'the views are tried',
    }
    for name in methods
}
only = ['random', 'imagenet', 'imagenet-statistics', 'glcnet', 'simclr', *methods]
