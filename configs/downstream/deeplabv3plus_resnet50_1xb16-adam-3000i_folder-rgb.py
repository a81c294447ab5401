# Fine-tuning of a study: as many steps whatever the number of labelled tiles.
_base_ = './deeplabv3plus_resnet50_1xb16-adam-exp-150e_folder-rgb.py'
train_dataloader = dict(sampler=dict(type='InfiniteSampler'))
param_scheduler = [dict(type='CosineAnnealingLR', T_max=3000, eta_min=1e-6, by_epoch=False)]
train_cfg = dict(_delete_=True, type='IterBasedTrainLoop', max_iters=3000, val_interval=3000)
default_hooks = dict(checkpoint=dict(interval=3000, by_epoch=False))
log_processor = dict(by_epoch=False)
