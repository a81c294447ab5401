# The methods of a study with ResNet-50, for a GPU. ImageNet's weights are those of torchvision,
# downloaded once; the other methods start from random weights, and some from ImageNet's too.
networks = {'resnet50': 'downstream/d3plus_r50_1xb16-3000i_rgb.py'}
_end = 'r50_1xb64-amp-100e_rgb.py'
_wide = 'r50-d3plus_1xb64-amp-100e_rgb.py'
_start = dict(checkpoint='torchvision://resnet50')
_glcnet = dict(config=f'glcnet/glcnet_{_wide}', family='glcnet')
methods = dict(
    random=dict(title='random weights'),
    imagenet=dict(_start, title='ImageNet'),
    glcnet=dict(_glcnet, title='GLCNet', scope='encoder'),
    simclr=dict(title='SimCLR', config=f'baselines/simclr/simclr_{_end}'),
    mocov2=dict(title='MoCo v2', config=f'baselines/mocov2/mocov2_{_end}'),
    byol=dict(title='BYOL', config=f'baselines/byol/byol_{_end}'),
    simsiam=dict(title='SimSiam', config=f'baselines/simsiam/simsiam_{_end}'),
    barlowtwins=dict(title='Barlow Twins', config=f'baselines/barlowtwins/barlowtwins_{_end}'),
    densecl=dict(title='DenseCL', config=f'baselines/densecl/densecl_{_end}'),
    inpainting=dict(
        title='Inpainting', config=f'baselines/inpainting/inpainting_{_wide}', scope='encoder'
    ),
    jigsaw=dict(title='Jigsaw', config=f'baselines/jigsaw/jigsaw_{_end}'),
)
# the weights of 'glcnet', of which more is loaded
methods['glcnet-decoder'] = dict(
    _glcnet, title='GLCNet, decoder loaded too', scope='encoder_decoder'
)
# how much of a gain over ImageNet is no more than statistics of these tiles
methods['imagenet-statistics'] = dict(
    _start, title='ImageNet, statistics of the tiles', tile_statistics=True
)
methods['imagenet-glcnet'] = dict(_start, **_glcnet, title='ImageNet + GLCNet', scope='encoder')
methods['imagenet-simclr'] = dict(_start, **methods['simclr'])
methods['imagenet-simclr']['title'] = 'ImageNet + SimCLR'
proposed = 'glcnet'
# settings in which a method is pretrained otherwise, because they are part of it
_own_init = {'model.backbone.zero_init_residual': 'first weights as published (False)'}
exceptions = dict(
    simsiam={
        'optim_wrapper.paramwise_cfg': 'the learning rate of the predictor stays constant',
        'default_hooks.simsiam': 'the hook that keeps it constant',
    },
    mocov2=_own_init,
    byol=_own_init,
    densecl={'default_hooks.densecl': 'the dense loss is added after some steps', **_own_init},
)
