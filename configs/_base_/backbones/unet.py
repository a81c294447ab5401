# U-Net; its maps run from coarse to fine, so heads read map 4.
backbone = dict(
    type='mmseg.UNet',
    in_channels=3,
    base_channels=64,
    num_stages=5,
    strides=(1, 1, 1, 1, 1),
    enc_num_convs=(2, 2, 2, 2, 2),
    dec_num_convs=(2, 2, 2, 2),
    downsamples=(True, True, True, True),
    enc_dilations=(1, 1, 1, 1, 1),
    dec_dilations=(1, 1, 1, 1),
    norm_cfg=dict(type='BN', requires_grad=True),
    upsample_cfg=dict(type='InterpConv'),
    norm_eval=False,
)
