# The methods of a study with the demo's narrow network, on a CPU, and parts of GLCNet.
networks = {'resnet18w16': 'downstream/d3plus_r18w16_1xb8-120i_demo.py'}
_end = 'r18w16_1xb32-60e_demo.py'
_wide = 'r18w16-d3plus_1xb32-60e_demo.py'
_glcnet = dict(config=f'glcnet/glcnet_{_wide}', scope='encoder', family='glcnet')
methods = dict(
    random=dict(title='random weights'),
    glcnet=dict(_glcnet, title='GLCNet'),
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
# parts of GLCNet
methods['glcnet-style'] = dict(
    _glcnet, title='GLCNet, style only', options={'model.local_head': None}
)
methods['glcnet-local'] = dict(
    _glcnet, title='GLCNet, local only', options={'model.style_head': None}
)
methods['glcnet-means'] = dict(
    _glcnet,
    title='GLCNet, means in place of style',
    options={'model.style_head.type': 'glcnet_plugin.AverageContrastHead'},
)
# the weights of 'glcnet', of which another part is loaded
methods['glcnet-backbone'] = dict(_glcnet, title='GLCNet, backbone loaded alone', scope='backbone')
methods['glcnet-decoder'] = dict(
    _glcnet, title='GLCNet, decoder loaded too', scope='encoder_decoder'
)
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
