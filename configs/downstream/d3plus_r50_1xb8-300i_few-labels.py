# Few labels, with ResNet-50 and DeepLabV3+: a linear probe of the features before the
# classifier, then 300 small steps on 128 px crops.
_base_ = [
    '../_base_/backbones/resnet50_os16.py',
    '../_base_/decode_heads/deeplabv3plus.py',
    '../_base_/models/encoder_decoder.py',
    '../_base_/datasets/folder_few_labels_128.py',
    '../_base_/schedules/adamw_poly_300i.py',
    '../_base_/default_runtime_few_labels.py',
]
model = dict(
    backbone=_base_.backbone,
    decode_head=dict(_base_.decode_head, num_classes=6),
)
