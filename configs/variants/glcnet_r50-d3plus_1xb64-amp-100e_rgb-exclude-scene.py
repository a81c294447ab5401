# Tiles of the same scene are no negatives of each other; for tiles named NAME_Y_X.
_base_ = '../glcnet/glcnet_r50-d3plus_1xb64-amp-100e_rgb.py'
model = dict(style_head=dict(exclude='scene'), local_head=dict(exclude='scene'))
train_pipeline = [
    *_base_.train_pipeline[:-1],
    dict(_base_.train_pipeline[-1], algorithm_keys=('view_matrix', 'drawn_views', 'scene')),
]
train_dataloader = dict(dataset=dict(scene_pattern='(.+)_[0-9]+_[0-9]+', pipeline=train_pipeline))
