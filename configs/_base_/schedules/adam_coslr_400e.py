# Pretraining schedule of the official code. The cosine has no T_max, so it ends with the run
# for any max_epochs.
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=1e-3, betas=(0.9, 0.99), weight_decay=1e-5),
)
param_scheduler = [
    dict(type='CosineAnnealingLR', eta_min=4e-8, by_epoch=True, convert_to_iter_based=True)
]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=400)
# 1e-3 per 256 images: the official 'learning rate times number of GPUs'
auto_scale_lr = dict(base_batch_size=256, enable=True)
