# MAE, as GLCNet on one GPU: batch 64, mixed precision, 100 epochs.
_base_ = [
    '../../_base_/models/mae.py',
    '../../_base_/datasets/unlabeled_224.py',
    '../../_base_/schedules/adam_coslr_400e.py',
    '../../_base_/default_runtime_pretrain.py',
]
model = dict(
    backbone=dict(
        type='mmpretrain.MAEViT',
        arch='deit-small',
        img_size=224,
        patch_size=16,
        patch_cfg=dict(in_channels=3),
        mask_ratio=0.75,
    ),
)
# one view, rotated and flipped but not changed in colour
train_pipeline = [
    *_base_.train_pipeline[:2],
    _base_.crop,
    *_base_.view2[1:3],
    dict(type='PackInputs', meta_keys=('img_path',)),
]
train_dataloader = dict(batch_size=64, dataset=dict(pipeline=train_pipeline))
optim_wrapper = dict(type='AmpOptimWrapper')
train_cfg = dict(max_epochs=100)
