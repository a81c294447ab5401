# Semantic FPN; a leaf names both, the neck and the head.
neck = dict(type='mmseg.FPN', out_channels=256, num_outs=4)
decode_head = dict(
    type='mmseg.FPNHead',
    in_index=(0, 1, 2, 3),
    feature_strides=[4, 8, 16, 32],
    channels=128,
    dropout_ratio=0.0,
    num_classes=64,
    norm_cfg=dict(type='BN', requires_grad=True),
    align_corners=False,
    loss_decode=dict(type='CrossEntropyLoss', avg_non_ignore=True),
)
