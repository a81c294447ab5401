# The methods of a study with the demo's narrow network, on a CPU.
_base_ = './exceptions.py'
networks = {'resnet18w16': 'downstream/deeplabv3plus_resnet18w16_1xb8-adam-120i_demo.py'}
_glcnet = 'glcnet/glcnet_resnet18w16-deeplabv3plus_1xb32-adam-coslr-60e_demo.py'
_inpainting = 'inpainting_resnet18w16-deeplabv3plus_1xb32-adam-coslr-60e_demo.py'
methods = dict(
    random=dict(title='random weights'),
    glcnet=dict(title='GLCNet', config=_glcnet, scope='encoder', family='glcnet'),
    simclr=dict(
        title='SimCLR', config='baselines/simclr/simclr_resnet18w16_1xb32-adam-coslr-60e_demo.py'
    ),
    mocov2=dict(
        title='MoCo v2', config='baselines/mocov2/mocov2_resnet18w16_1xb32-adam-coslr-60e_demo.py'
    ),
    byol=dict(title='BYOL', config='baselines/byol/byol_resnet18w16_1xb32-adam-coslr-60e_demo.py'),
    simsiam=dict(
        title='SimSiam',
        config='baselines/simsiam/simsiam_resnet18w16_1xb32-adam-coslr-60e_demo.py',
    ),
    barlowtwins=dict(
        title='Barlow Twins',
        config='baselines/barlowtwins/barlowtwins_resnet18w16_1xb32-adam-coslr-60e_demo.py',
    ),
    densecl=dict(
        title='DenseCL',
        config='baselines/densecl/densecl_resnet18w16_1xb32-adam-coslr-60e_demo.py',
    ),
    inpainting=dict(
        title='Inpainting', config=f'baselines/inpainting/{_inpainting}', scope='encoder'
    ),
    jigsaw=dict(
        title='Jigsaw', config='baselines/jigsaw/jigsaw_resnet18w16_1xb32-adam-coslr-60e_demo.py'
    ),
)
reference = 'glcnet'
