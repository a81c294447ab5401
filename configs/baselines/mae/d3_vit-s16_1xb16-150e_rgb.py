# Fine-tuning of MAE's transformer on a labelled folder: DeepLabV3, for it has one resolution.
_base_ = [
    '../../_base_/backbones/vit_small.py',
    '../../_base_/decode_heads/deeplabv3.py',
    '../../_base_/models/encoder_decoder.py',
    '../../_base_/datasets/folder_seg_256.py',
    '../../_base_/schedules/adam_exp_150e.py',
    '../../_base_/default_runtime_seg.py',
]
model = dict(
    backbone=_base_.backbone,
    decode_head=dict(_base_.decode_head, num_classes=6),
)
