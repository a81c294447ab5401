# MoCo v2 on a CPU, the data and schedule of GLCNet's demo.
_base_ = [
    '../../_base_/backbones/resnet18w16_os16.py',
    '../../_base_/models/mocov2.py',
    '../../_base_/datasets/unlabeled_demo_64.py',
    '../../_base_/schedules/adam_coslr_60e.py',
    '../../_base_/default_runtime_demo.py',
]
model = dict(
    backbone=dict(_base_.backbone, out_indices=(3,), zero_init_residual=False),
    momentum=0.035,  # 25 times within 720 steps; 0.001 averages over more than there are
    neck=dict(in_channels=128, hid_channels=128),
)
