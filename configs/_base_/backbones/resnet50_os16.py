# Plain 7x7 stem, output stride 16, as in the official code. Use the same type downstream:
# mmseg's usual ResNetV1c has another stem and would not fit.
backbone = dict(
    type='mmseg.ResNet',
    depth=50,
    in_channels=3,
    num_stages=4,
    out_indices=(0, 1, 2, 3),
    strides=(1, 2, 2, 1),
    dilations=(1, 1, 1, 2),
    contract_dilation=True,
    norm_cfg=dict(type='BN', requires_grad=True),  # official momentum 0.9 looks unintended
    norm_eval=False,
    style='pytorch',
)
