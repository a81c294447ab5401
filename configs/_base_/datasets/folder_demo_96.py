# The demo's labelled tiles, 96 px crops; batches are drawn endlessly, for a loop over iterations.
_base_ = './folder_seg_256.py'
train_pipeline = [
    dict(type='glcnet_plugin.LoadRSImage'),
    dict(type='glcnet_plugin.LoadRSMask'),
    dict(type='RandomCrop', crop_size=(96, 96)),
    *_base_.train_pipeline[4:],
]
train_dataloader = dict(
    batch_size=8,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset=dict(data_root='work_dirs/demo/tiles', pipeline=train_pipeline),
)
val_dataloader = dict(
    num_workers=0,
    persistent_workers=False,
    dataset=dict(data_root='work_dirs/demo/tiles'),
)
test_dataloader = val_dataloader
