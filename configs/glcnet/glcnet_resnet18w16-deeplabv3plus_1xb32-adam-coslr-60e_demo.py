# A CPU in two minutes: narrow ResNet-18, views of 64 px; the method as in the paper.
_base_ = [
    '../_base_/backbones/resnet18w16_os16.py',
    '../_base_/decode_heads/deeplabv3plus_w16.py',
    '../_base_/models/glcnet.py',
    '../_base_/datasets/unlabeled_224.py',
    '../_base_/schedules/adam_coslr_400e.py',
    '../_base_/default_runtime_pretrain.py',
]
model = dict(
    backbone=_base_.backbone,
    decode_head=_base_.decode_head,
    style_head=dict(in_channels=64),  # mean and variance of 32 channels
    local_head=dict(region_size=14),  # 48 of 224, for views of 64
)
crop = dict(_base_.crop, scale=64)
train_pipeline = [
    dict(type='glcnet_plugin.LoadRSImage'),
    dict(type='glcnet_plugin.TrackedRandomCrop', crop_size=80),
    dict(type='glcnet_plugin.TwoViews', views=[[crop], [crop, *_base_.view2[1:]]]),
    dict(type='PackInputs', algorithm_keys=('view_matrix',), meta_keys=('img_path',)),
]
train_dataloader = dict(
    batch_size=32,
    num_workers=2,
    dataset=dict(data_root='work_dirs/demo/tiles/images', pipeline=train_pipeline),
)
train_cfg = dict(max_epochs=60)
param_scheduler = [
    dict(
        type='CosineAnnealingLR',
        T_max=60,
        eta_min=4e-8,
        by_epoch=True,
        convert_to_iter_based=True,
    )
]
auto_scale_lr = dict(enable=False)  # 1e-3 suits batch 32 with Adam
default_hooks = dict(logger=dict(interval=10), checkpoint=dict(interval=60))
