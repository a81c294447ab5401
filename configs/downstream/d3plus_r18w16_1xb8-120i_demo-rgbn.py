# The demo's fine-tuning with four bands: red, green, blue, near infrared.
_base_ = [
    '../_base_/backbones/resnet18w16_os16.py',
    '../_base_/decode_heads/deeplabv3plus_w16.py',
    '../_base_/models/encoder_decoder.py',
    '../_base_/datasets/folder_demo_96.py',
    '../_base_/schedules/adam_coslr_120i.py',
    '../_base_/default_runtime_seg.py',
]
model = dict(
    data_preprocessor=dict(
        mean=[127.5] * 4,
        std=[79.6875] * 4,
        band_names=['R', 'G', 'B', 'NIR'],
    ),
    backbone=dict(_base_.backbone, in_channels=4),
    decode_head=dict(_base_.decode_head, num_classes=6),
    # the tiles as a whole: this narrow network scores the same in windows of 96 px
    test_cfg=dict(_delete_=True, mode='whole'),
)
default_hooks = dict(checkpoint=dict(interval=120, by_epoch=False))
log_processor = dict(by_epoch=False)
