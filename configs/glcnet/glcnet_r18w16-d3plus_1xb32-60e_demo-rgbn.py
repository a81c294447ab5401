# The demo's pretraining with four bands: red, green, blue, near infrared.
_base_ = [
    '../_base_/backbones/resnet18w16_os16.py',
    '../_base_/decode_heads/deeplabv3plus_w16.py',
    '../_base_/models/glcnet.py',
    '../_base_/datasets/unlabeled_demo_64.py',
    '../_base_/schedules/adam_coslr_60e.py',
    '../_base_/default_runtime_demo.py',
]
model = dict(
    data_preprocessor=dict(
        mean=[127.5] * 4,  # tools/train.py --data-root DIR takes those of your images
        std=[79.6875] * 4,
        band_names=['R', 'G', 'B', 'NIR'],
    ),
    backbone=dict(_base_.backbone, in_channels=4),
    decode_head=_base_.decode_head,
    local_head=dict(region_size=14),  # 48 of 224, for views of 64
)
