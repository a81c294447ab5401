# Fine-tuning of the demo: 120 steps on 96 px crops, whatever the number of labelled tiles.
_base_ = [
    '../_base_/backbones/resnet18w16_os16.py',
    '../_base_/decode_heads/deeplabv3plus_w16.py',
    '../_base_/models/encoder_decoder.py',
    '../_base_/datasets/folder_seg_256.py',
    '../_base_/default_runtime_seg.py',
]
model = dict(
    backbone=_base_.backbone,
    decode_head=dict(_base_.decode_head, num_classes=6),
)
train_pipeline = [
    dict(type='glcnet_plugin.LoadRSImage'),
    dict(type='glcnet_plugin.LoadRSMask'),
    dict(type='RandomCrop', crop_size=(96, 96)),
    *_base_.train_pipeline[4:],
]
train_dataloader = dict(
    batch_size=8,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset=dict(data_root='work_dirs/demo/tiles', pipeline=train_pipeline),
)
val_dataloader = dict(
    num_workers=0,
    persistent_workers=False,
    dataset=dict(data_root='work_dirs/demo/tiles'),
)
test_dataloader = val_dataloader
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=5e-3, weight_decay=1e-5),
)
param_scheduler = [
    dict(type='CosineAnnealingLR', T_max=120, eta_min=5e-5, by_epoch=False),
]
train_cfg = dict(type='IterBasedTrainLoop', max_iters=120, val_interval=1000)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
default_hooks = dict(checkpoint=dict(interval=120, by_epoch=False))
log_processor = dict(by_epoch=False)
