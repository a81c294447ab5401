# Fine-tuning of a study on a labelled folder; the data and network of the official fine-tuning.
_base_ = [
    '../_base_/backbones/resnet50_os16.py',
    '../_base_/decode_heads/deeplabv3plus.py',
    '../_base_/models/encoder_decoder.py',
    '../_base_/datasets/folder_seg_256.py',
    '../_base_/schedules/adam_coslr_3000i.py',
    '../_base_/default_runtime_seg.py',
]
model = dict(
    backbone=_base_.backbone,
    decode_head=dict(_base_.decode_head, num_classes=6),
)
train_dataloader = dict(sampler=dict(type='InfiniteSampler'))
default_hooks = dict(checkpoint=dict(interval=3000, by_epoch=False))
log_processor = dict(by_epoch=False)
