# One linear layer on all maps, resized to the finest and concatenated: the linear probe.
decode_head = dict(
    type='glcnet_plugin.LinearHead',
    in_index=(0, 1, 2, 3),
    input_transform='resize_concat',
    dropout_ratio=0.0,
    num_classes=64,
    align_corners=False,
    loss_decode=dict(type='CrossEntropyLoss', avg_non_ignore=True),
)
