# ResNet-18 at output stride 16.
backbone = dict(
    type='mmseg.ResNet',
    depth=18,
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
