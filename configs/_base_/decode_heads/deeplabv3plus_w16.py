# DeepLabV3+ for backbones a quarter as wide as ResNet-18.
decode_head = dict(
    type='mmseg.DepthwiseSeparableASPPHead',
    in_index=3,
    channels=32,
    dilations=(1, 2, 3),  # less than the 4 cells of a view of 64 px at output stride 16
    c1_channels=8,
    dropout_ratio=0.0,
    num_classes=64,
    norm_cfg=dict(type='BN', requires_grad=True),
    align_corners=False,
    loss_decode=dict(type='CrossEntropyLoss', avg_non_ignore=True),
)
