# MobileNetV2 at output stride 16.
backbone = dict(
    type='glcnet_plugin.RSMobileNetV2',  # mmseg's, for any number of bands
    in_channels=3,
    widen_factor=1.0,
    strides=(1, 2, 2, 2, 1, 1, 1),
    dilations=(1, 1, 1, 1, 1, 2, 2),
    out_indices=(1, 2, 4, 6),
    norm_cfg=dict(type='BN', requires_grad=True),
    norm_eval=False,
)
