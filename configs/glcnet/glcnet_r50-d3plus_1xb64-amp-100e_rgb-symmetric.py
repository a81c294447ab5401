# Both views are rotated and changed in colour; the official recipe only crops the first one.
_base_ = './glcnet_r50-d3plus_1xb64-amp-100e_rgb.py'
train_pipeline = [
    dict(type='glcnet_plugin.LoadRSImage'),
    dict(type='glcnet_plugin.TrackedRandomCrop', crop_size=256),
    dict(type='glcnet_plugin.TwoViews', views=[_base_.view2, _base_.view2]),
    dict(type='PackInputs', algorithm_keys=('view_matrix', 'drawn_views'), meta_keys=('img_path',)),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
