# The views of unlabeled_224.py at 64 px, of the demo's tiles.
_base_ = './unlabeled_224.py'
crop = dict(_base_.crop, scale=64)
train_pipeline = [
    dict(type='glcnet_plugin.LoadRSImage'),
    dict(type='glcnet_plugin.TrackedRandomCrop', crop_size=80),
    dict(type='glcnet_plugin.TwoViews', views=[[crop], [crop, *_base_.view2[1:]]]),
    dict(type='PackInputs', algorithm_keys=('view_matrix', 'drawn_views'), meta_keys=('img_path',)),
]
train_dataloader = dict(
    batch_size=32,
    num_workers=2,
    dataset=dict(data_root='work_dirs/demo/tiles/images', pipeline=train_pipeline),
)
