# Fine-tuning of the demo. The cosine has no T_max, so it ends with the run.
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=5e-3, weight_decay=1e-5),
)
param_scheduler = [dict(type='CosineAnnealingLR', eta_min=5e-5, by_epoch=False)]
train_cfg = dict(type='IterBasedTrainLoop', max_iters=120, val_interval=1000)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
