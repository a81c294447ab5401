# One GPU with 12 GB or more: batch 64, mixed precision, 100 epochs.
_base_ = './glcnet_resnet50-deeplabv3plus_1xb256-adam-coslr-400e_images-rgb.py'
optim_wrapper = dict(type='AmpOptimWrapper')
train_dataloader = dict(batch_size=64)
train_cfg = dict(max_epochs=100)
param_scheduler = [
    dict(
        type='CosineAnnealingLR',
        T_max=100,
        eta_min=4e-8,
        by_epoch=True,
        convert_to_iter_based=True,
    )
]
