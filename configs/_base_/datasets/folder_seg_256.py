# A labelled folder (images/, masks/, classes.json, manifest.csv), 256 px crops; the
# augmentation of the official fine-tuning: flips, quarter turns, scale +-0.1 of a tile's own size,
# HSV. Scored one by one, so that images may differ in size.
train_pipeline = [
    dict(type='glcnet_plugin.LoadRSImage'),
    dict(type='glcnet_plugin.LoadRSMask'),
    dict(type='glcnet_plugin.RandomScale', factors=(0.9, 1.1)),
    dict(type='RandomCrop', crop_size=(256, 256)),
    dict(
        type='RandomFlip',
        prob=[0.25, 0.25, 0.25],
        direction=['horizontal', 'vertical', 'diagonal'],
    ),
    dict(type='glcnet_plugin.RandomRotate90', prob=0.75),
    dict(type='glcnet_plugin.RandomHSVShift', prob=0.5),
    dict(type='PackSegInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile', _scope_='glcnet_plugin'),  # inferencers put their image here
    dict(type='glcnet_plugin.LoadRSImage'),
    dict(type='glcnet_plugin.LoadRSMask'),
    dict(type='PackSegInputs'),
]
train_dataloader = dict(
    batch_size=16,
    num_workers=4,
    persistent_workers=True,
    drop_last=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='glcnet_plugin.FolderSegDataset',
        data_root='data/folder',
        ann_file='splits/train_1pct_seed0.txt',
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='glcnet_plugin.FolderSegDataset',
        data_root='data/folder',
        ann_file='splits/val.txt',
        test_mode=True,
        pipeline=test_pipeline,
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type='glcnet_plugin.RSSegMetric')
test_evaluator = val_evaluator
