# DenseCL, as GLCNet on one GPU: batch 64, mixed precision, 100 epochs.
_base_ = [
    '../../_base_/backbones/resnet50_os16.py',
    '../../_base_/models/densecl.py',
    '../../_base_/datasets/unlabeled_224.py',
    '../../_base_/schedules/adam_coslr_400e.py',
    '../../_base_/default_runtime_pretrain.py',
]
model = dict(backbone=dict(_base_.backbone, out_indices=(3,), zero_init_residual=False))
train_dataloader = dict(batch_size=64)
optim_wrapper = dict(type='AmpOptimWrapper')
default_hooks = dict(densecl=dict(type='DenseCLHook', start_iters=1000))
train_cfg = dict(max_epochs=100)
