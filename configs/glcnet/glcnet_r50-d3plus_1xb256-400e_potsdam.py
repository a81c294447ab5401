# The paper's Potsdam experiment: 13,824 training tiles of 256 px, four bands (R, G, B, IR).
_base_ = './glcnet_r50-d3plus_1xb256-400e_rgb.py'
model = dict(
    data_preprocessor=dict(mean=[127.5] * 4, std=[79.6875] * 4),
    backbone=dict(in_channels=4),
    # the paper's rates: on 14 x 14 cells, 8 of the 9 taps of rate 18 see only padding
    decode_head=dict(dilations=(1, 6, 12, 18)),
)
# with more than three bands, the official code also changes brightness and contrast per band, and
# adds noise
colour = dict(
    type='RandomApply',
    prob=0.8,
    transforms=[
        dict(type='glcnet_plugin.RandomHSVShift', prob=0.5),
        dict(type='glcnet_plugin.RandomBrightnessContrast', limit=0.1, prob=0.5),
        dict(type='glcnet_plugin.RandomPixelNoise', share=0.001, prob=0.5),
    ],
)
view2 = [colour if step['type'] == 'RandomApply' else step for step in _base_.view2]
train_pipeline = [
    dict(type='glcnet_plugin.LoadRSImage', num_bands=4),
    dict(type='glcnet_plugin.TrackedRandomCrop', crop_size=256),
    dict(type='glcnet_plugin.TwoViews', views=[_base_.view1, view2]),
    dict(type='PackInputs', algorithm_keys=('view_matrix', 'drawn_views'), meta_keys=('img_path',)),
]
train_dataloader = dict(
    dataset=dict(
        data_root='data/potsdam/images',
        ann_file='../splits/train.txt',
        pipeline=train_pipeline,
    )
)
