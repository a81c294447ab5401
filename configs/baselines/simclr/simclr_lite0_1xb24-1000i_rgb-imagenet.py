# SimCLR continued from ImageNet's weights on a CPU: data and schedule of GLCNet's preset.
_base_ = [
    '../../_base_/backbones/efficientnet_lite0.py',
    '../../_base_/models/simclr.py',
    '../../_base_/datasets/unlabeled_96.py',
    '../../_base_/schedules/adam_warmup_coslr_1000i.py',
    '../../_base_/default_runtime_iters.py',
]
model = dict(
    data_preprocessor=dict(mean=[127.0] * 3, std=[128.0] * 3),
    backbone=dict(_base_.backbone, out_indices=(4,)),
    neck=dict(in_channels=320, hid_channels=320),
)
default_hooks = dict(pretrained=dict(checkpoint='imagenet://efficientnet_lite0'))
