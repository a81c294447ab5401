# Few labels, with one linear layer on all maps of EfficientNet-Lite0 and on the dense map of the
# decode head that GLCNet's preset pretrains: the linear probe of all of them at the start, then 300
# small steps on 128 px crops.
_base_ = [
    '../_base_/backbones/efficientnet_lite0.py',
    '../_base_/decode_heads/deeplabv3plus_lite0.py',
    '../_base_/models/encoder_decoder.py',
    '../_base_/datasets/folder_few_labels_128.py',
    '../_base_/schedules/adamw_poly_300i.py',
    '../_base_/default_runtime_few_labels.py',
]
model = dict(
    data_preprocessor=dict(mean=[127.0] * 3, std=[128.0] * 3),  # as in pretraining
    backbone=_base_.backbone,
    decode_head=dict(
        type='glcnet_plugin.LinearDecoderHead',
        in_index=(0, 1, 2, 3),
        input_transform='resize_concat',
        decoder=_base_.decode_head,  # as in pretraining, with the 64 channels of its dense map
        dropout_ratio=0.0,
        num_classes=6,
        align_corners=False,
        loss_decode=dict(type='CrossEntropyLoss', avg_non_ignore=True),
    ),
    test_cfg=dict(_delete_=True, mode='whole'),
)
default_hooks = dict(
    pretrained=dict(scope='encoder_decoder'),
    freeze_norm=dict(modules=('backbone', 'decode_head.decoder')),
)
optim_wrapper = dict(
    paramwise_cfg=dict(
        custom_keys={
            'decode_head.decoder': dict(lr_mult=1.0),  # it is pretrained, as the backbone is
            'decode_head.conv_seg': dict(lr_mult=2.0),
        }
    )
)
