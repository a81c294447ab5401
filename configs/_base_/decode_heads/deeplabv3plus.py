# DeepLabV3+; num_classes is D = 64 embedding channels in pretraining (official code).
# No head sets in_channels: they follow from the backbone.
decode_head = dict(
    type='mmseg.DepthwiseSeparableASPPHead',
    in_index=3,
    channels=256,
    dilations=(1, 4, 8, 12),  # less than the 14 cells of a view of 224 px at output stride 16
    c1_channels=48,
    dropout_ratio=0.0,  # the official decoder has no dropout
    num_classes=64,
    norm_cfg=dict(type='BN', requires_grad=True),
    align_corners=False,
    loss_decode=dict(type='CrossEntropyLoss', avg_non_ignore=True),
)
