# The views of unlabeled_224.py at 96 px: each shows 0.1 to 0.6 of a window of 192 px.
_base_ = './unlabeled_224.py'
crop = dict(_base_.crop, scale=96, crop_ratio_range=(0.1, 0.6))
train_pipeline = [
    dict(type='glcnet_plugin.LoadRSImage'),
    dict(type='glcnet_plugin.TrackedRandomCrop', crop_size=192),
    dict(type='glcnet_plugin.TwoViews', views=[[crop], [crop, *_base_.view2[1:]]]),
    dict(type='PackInputs', algorithm_keys=('view_matrix', 'drawn_views'), meta_keys=('img_path',)),
]
train_dataloader = dict(
    batch_size=24,
    num_workers=2,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset=dict(pipeline=train_pipeline),
)
