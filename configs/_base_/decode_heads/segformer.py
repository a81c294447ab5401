# SegFormer: a few linear layers over all maps.
decode_head = dict(
    type='mmseg.SegformerHead',
    in_index=(0, 1, 2, 3),
    channels=256,
    dropout_ratio=0.0,
    num_classes=64,
    norm_cfg=dict(type='BN', requires_grad=True),
    align_corners=False,
    loss_decode=dict(type='CrossEntropyLoss', avg_non_ignore=True),
)
