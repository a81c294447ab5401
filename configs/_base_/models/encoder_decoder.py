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
    # larger images are scored in windows of the size of the crops in training, smaller ones whole
    test_cfg=dict(mode='slide', crop_size=(256, 256), stride=(170, 170)),
)
