# Few labels, with EfficientNet-Lite0 and the decode head that its preset pretrains, which is loaded
# with `--scope encoder_decoder`: a linear probe of the features before the classifier, then 300
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
    decode_head=dict(_base_.decode_head, num_classes=6),
    test_cfg=dict(_delete_=True, mode='whole'),
)
