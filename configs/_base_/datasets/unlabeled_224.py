# Two views of unlabelled tiles, the official recipe: only the second view is rotated and changed in
# colour (probabilities and ranges of the official code).
crop = dict(
    type='glcnet_plugin.TrackedRandomResizedCrop',
    scale=224,
    crop_ratio_range=(0.4, 1.0),
    aspect_ratio_range=(3 / 4, 4 / 3),
)
view1 = [crop]
view2 = [
    crop,
    dict(
        type='glcnet_plugin.TrackedRandomFlip',
        prob=[0.2, 0.2, 0.2],
        direction=['horizontal', 'vertical', 'diagonal'],
    ),
    dict(type='glcnet_plugin.RandomRotate90', prob=0.8),
    dict(
        type='RandomApply',
        prob=0.8,
        transforms=[dict(type='glcnet_plugin.RandomHSVShift', prob=0.5)],
    ),
    dict(type='glcnet_plugin.RandomBandCopy', prob=0.1),
    dict(type='glcnet_plugin.RandomGaussianBlur', prob=0.5),
]
train_pipeline = [
    dict(type='glcnet_plugin.LoadRSImage'),
    dict(type='glcnet_plugin.TrackedRandomCrop', crop_size=256),  # of larger images
    dict(type='glcnet_plugin.TwoViews', views=[view1, view2]),
    dict(type='PackInputs', algorithm_keys=('view_matrix', 'drawn_views'), meta_keys=('img_path',)),
]
train_dataloader = dict(
    batch_size=256,
    num_workers=8,
    persistent_workers=True,
    drop_last=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        type='glcnet_plugin.UnlabeledRSDataset',
        data_root='data/images',
        pipeline=train_pipeline,
    ),
)
# what mmpretrain's FeatureExtractor prepares images by; nothing is tested or validated
test_pipeline = [
    dict(type='LoadImageFromFile', _scope_='glcnet_plugin'),
    dict(type='glcnet_plugin.LoadRSImage'),
    dict(type='mmpretrain.PackInputs'),
]
test_dataloader = dict(
    batch_size=1,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='glcnet_plugin.UnlabeledRSDataset',
        data_root=train_dataloader['dataset']['data_root'],
        pipeline=test_pipeline,
    ),
)
test_cfg = dict()
test_evaluator = []
