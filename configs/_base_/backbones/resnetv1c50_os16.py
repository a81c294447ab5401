# ResNet-50 with the deep stem, the usual one of mmseg; weights of the plain stem do not fit.
backbone = dict(
    type='mmseg.ResNetV1c',
    depth=50,
    in_channels=3,
    num_stages=4,
    out_indices=(0, 1, 2, 3),
    strides=(1, 2, 2, 1),
    dilations=(1, 1, 1, 2),
    contract_dilation=True,
    norm_cfg=dict(type='BN', requires_grad=True),
    norm_eval=False,
    style='pytorch',
)
