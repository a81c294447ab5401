# FCN on all maps, resized to the finest and concatenated; the head of HRNet.
decode_head = dict(
    type='mmseg.FCNHead',
    in_index=(0, 1, 2, 3),
    input_transform='resize_concat',
    channels=256,
    kernel_size=1,
    num_convs=1,
    concat_input=False,
    dropout_ratio=0.0,
    num_classes=64,
    norm_cfg=dict(type='BN', requires_grad=True),
    align_corners=False,
    loss_decode=dict(type='CrossEntropyLoss', avg_non_ignore=True),
)
