# The methods of a study with EfficientNet-Lite0, on a CPU: ImageNet's weights, and what continued
# pretraining on the tiles of the study makes of them. `only` chooses; those "from random" cost as
# much as those from ImageNet.
networks = {'lite0': 'downstream/linear_lite0_1xb8-300i_few-labels.py'}
_start = dict(checkpoint='imagenet://efficientnet_lite0')
_end = 'lite0_1xb24-1000i_rgb-imagenet.py'
_glcnet = dict(config='glcnet/glcnet_lite0-d3plus_1xb24-1000i_rgb-imagenet.py', family='glcnet')
_simclr = dict(config=f'baselines/simclr/simclr_{_end}')
_barlowtwins = dict(config=f'baselines/barlowtwins/barlowtwins_{_end}')
_densecl = dict(config=f'baselines/densecl/densecl_{_end}')
methods = {
    'random': dict(title='random weights'),
    'imagenet': dict(_start, title='ImageNet'),
    # how much of a gain is no more than statistics of these tiles
    'imagenet-statistics': dict(
        _start, title='ImageNet, statistics of the tiles', tile_statistics=True
    ),
    'glcnet': dict(_glcnet, **_start, title='ImageNet + GLCNet'),
    'simclr': dict(_simclr, **_start, title='ImageNet + SimCLR'),
    'barlowtwins': dict(_barlowtwins, **_start, title='ImageNet + Barlow Twins'),
    'densecl': dict(_densecl, **_start, title='ImageNet + DenseCL'),
    'glcnet-random': dict(_glcnet, title='GLCNet from random weights'),
    'simclr-random': dict(_simclr, title='SimCLR from random weights'),
    'barlowtwins-random': dict(_barlowtwins, title='Barlow Twins from random weights'),
    'densecl-random': dict(_densecl, title='DenseCL from random weights'),
}
proposed = 'glcnet'
_queue = {'default_hooks.densecl': 'the dense loss is added after some steps'}
exceptions = {'densecl': _queue, 'densecl-random': _queue}
labels = ['16', '64', '256']
seeds = [0, 1, 2, 3, 4]
pretrain_seeds = seeds  # so that intervals include the variance of the pretraining
pretrain_steps = 1000
