# SimSiam, as GLCNet on one GPU: batch 64, mixed precision, 100 epochs.
_base_ = [
    '../../_base_/backbones/resnet50_os16.py',
    '../../_base_/models/simsiam.py',
    '../../_base_/datasets/unlabeled_224.py',
    '../../_base_/schedules/adam_coslr_400e.py',
    '../../_base_/default_runtime_pretrain.py',
]
model = dict(backbone=dict(_base_.backbone, out_indices=(3,)))
train_dataloader = dict(batch_size=64)
optim_wrapper = dict(
    type='AmpOptimWrapper',
    paramwise_cfg=dict(custom_keys=dict(predictor=dict(fix_lr=True))),
)
train_cfg = dict(max_epochs=100)
default_hooks = dict(
    # the learning rate that auto_scale_lr gives for batch 64: 1e-3 * 64 / 256
    simsiam=dict(type='SimSiamHook', fix_pred_lr=True, lr=2.5e-4, adjust_by_epoch=False),
)
