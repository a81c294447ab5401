# The demo's fine-tuning with four bands: red, green, blue, near infrared.
_base_ = './deeplabv3plus_resnet18w16_1xb8-adam-120i_demo.py'
model = dict(
    data_preprocessor=dict(
        mean=[127.5] * 4,
        std=[79.6875] * 4,
        band_names=['R', 'G', 'B', 'NIR'],
    ),
    backbone=dict(in_channels=4),
)
