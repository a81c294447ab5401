# The methods of a study with ResNet-50, for a GPU. ImageNet's weights are used where the file is
# there (docs/weights.md says how to get it).
_base_ = './exceptions.py'
networks = {'resnet50': 'downstream/deeplabv3plus_resnet50_1xb16-adam-3000i_folder-rgb.py'}
_end = 'resnet50_1xb64-amp-adam-coslr-100e_images-rgb.py'
_wide = 'resnet50-deeplabv3plus_1xb64-amp-adam-coslr-100e_images-rgb.py'
_glcnet = dict(config=f'glcnet/glcnet_{_wide}', family='glcnet')
methods = dict(
    random=dict(title='random weights'),
    imagenet=dict(title='ImageNet', checkpoint='weights/resnet50_imagenet.pth'),
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
reference = 'glcnet'
