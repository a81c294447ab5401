# SimSiam on a CPU, the data and schedule of GLCNet's demo.
_base_ = [
    '../../_base_/backbones/resnet18w16_os16.py',
    '../../_base_/models/simsiam.py',
    '../../_base_/datasets/unlabeled_demo_64.py',
    '../../_base_/schedules/adam_coslr_60e.py',
    '../../_base_/default_runtime_demo.py',
]
model = dict(
    backbone=dict(_base_.backbone, out_indices=(3,)),
    neck=dict(in_channels=128, hid_channels=128, out_channels=128),
    head=dict(predictor=dict(in_channels=128, hid_channels=32, out_channels=128)),
)
optim_wrapper = dict(paramwise_cfg=dict(custom_keys=dict(predictor=dict(fix_lr=True))))
default_hooks = dict(
    simsiam=dict(type='SimSiamHook', fix_pred_lr=True, lr=1e-3, adjust_by_epoch=False),
)
