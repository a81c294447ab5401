# The demo's pretraining with four bands: red, green, blue, near infrared.
_base_ = './glcnet_resnet18w16-deeplabv3plus_1xb32-adam-coslr-60e_demo.py'
model = dict(
    data_preprocessor=dict(
        mean=[127.5] * 4,  # better those of your data: tools/dataset_tools/band_stats.py
        std=[79.6875] * 4,
        band_names=['R', 'G', 'B', 'NIR'],
    ),
    backbone=dict(in_channels=4),
)
