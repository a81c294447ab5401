# Segmentation; a leaf adds the backbone, the decode head and its number of classes.
model = dict(
    type='glcnet_plugin.RSEncoderDecoder',
    data_preprocessor=dict(
        type='glcnet_plugin.RSSegDataPreProcessor',
        mean=[127.5] * 3,  # as in pretraining
        std=[79.6875] * 3,
        size_divisor=32,  # crops of one batch are padded to a common size
        pad_val=0,
        seg_pad_val=255,
    ),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'),
)
