# Lite R-ASPP, for small networks; reads maps 0, 1 and 3.
decode_head = dict(
    type='glcnet_plugin.RSLRASPPHead',  # mmseg's, for tiles of any size
    in_index=(0, 1, 3),
    channels=128,
    branch_channels=(32, 64),
    input_transform='multiple_select',
    act_cfg=dict(type='ReLU'),
    dropout_ratio=0.0,
    num_classes=64,
    norm_cfg=dict(type='BN', requires_grad=True),
    align_corners=False,
    loss_decode=dict(type='CrossEntropyLoss', avg_non_ignore=True),
)
