# FCN: two convolutions on the last map.
decode_head = dict(
    type='mmseg.FCNHead',
    in_index=3,
    channels=256,
    num_convs=2,
    concat_input=True,
    dropout_ratio=0.0,
    num_classes=64,
    norm_cfg=dict(type='BN', requires_grad=True),
    align_corners=False,
    loss_decode=dict(type='CrossEntropyLoss', avg_non_ignore=True),
)
