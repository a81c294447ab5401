# The official fine-tuning on a labelled folder; tools/train.py --data-root DIR fits it to yours.
_base_ = [
    '../_base_/backbones/resnet50_os16.py',
    '../_base_/decode_heads/deeplabv3plus.py',
    '../_base_/models/encoder_decoder.py',
    '../_base_/datasets/folder_seg_256.py',
    '../_base_/schedules/adam_exp_150e.py',
    '../_base_/default_runtime_seg.py',
]
model = dict(
    backbone=_base_.backbone,
    decode_head=dict(_base_.decode_head, num_classes=6),
)
