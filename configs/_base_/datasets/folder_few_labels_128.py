# A labelled folder, few tiles: 128 px crops at 0.75 to 1.33 of a tile's own size, flips, quarter
# turns, mild changes of each band; batches are drawn endlessly, for a loop over iterations.
_base_ = './folder_seg_256.py'
train_pipeline = [
    dict(type='glcnet_plugin.LoadRSImage'),
    dict(type='glcnet_plugin.LoadRSMask'),
    dict(type='glcnet_plugin.RandomScale', factors=(0.75, 1.33)),
    dict(type='RandomCrop', crop_size=(128, 128)),
    dict(type='RandomFlip', prob=[0.25, 0.25], direction=['horizontal', 'vertical']),
    dict(type='glcnet_plugin.RandomRotate90', prob=0.75),
    dict(type='glcnet_plugin.RandomBrightnessContrast', limit=0.1, prob=0.5),
    dict(type='PackSegInputs'),
]
train_dataloader = dict(
    batch_size=8,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset=dict(pipeline=train_pipeline),
)
