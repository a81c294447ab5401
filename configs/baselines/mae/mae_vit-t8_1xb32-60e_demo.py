# MAE of a tiny transformer on a CPU, the data and schedule of GLCNet's demo.
_base_ = [
    '../../_base_/models/mae.py',
    '../../_base_/datasets/unlabeled_demo_64.py',
    '../../_base_/schedules/adam_coslr_60e.py',
    '../../_base_/default_runtime_demo.py',
]
model = dict(
    backbone=dict(
        type='mmpretrain.MAEViT',
        arch=dict(embed_dims=64, num_layers=4, num_heads=4, feedforward_channels=256),
        img_size=64,
        patch_size=8,
        patch_cfg=dict(in_channels=3),
        mask_ratio=0.75,
    ),
    neck=dict(
        num_patches=64,
        patch_size=8,
        embed_dim=64,
        decoder_embed_dim=64,
        decoder_depth=2,
        decoder_num_heads=4,
    ),
    head=dict(patch_size=8),
)
# one view, rotated and flipped but not changed in colour
train_pipeline = [
    *_base_.train_pipeline[:2],
    _base_.crop,
    *_base_.view2[1:3],
    dict(type='PackInputs', meta_keys=('img_path',)),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
