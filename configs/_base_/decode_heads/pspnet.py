# PSPNet.
decode_head = dict(
    type='mmseg.PSPHead',
    in_index=3,
    channels=256,
    pool_scales=(1, 2, 3, 6),
    dropout_ratio=0.0,
    num_classes=64,
    norm_cfg=dict(type='BN', requires_grad=True),
    align_corners=False,
    loss_decode=dict(type='CrossEntropyLoss', avg_non_ignore=True),
)
