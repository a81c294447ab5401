# Fine-tuning schedule of the official code. The last checkpoint is scored: none is selected
# by its score on the reported split.
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=1e-4, weight_decay=1e-5),
)
param_scheduler = [dict(type='ExponentialLR', gamma=0.98, by_epoch=True)]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=150, val_interval=150)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
