# dubai_norm_lite0.py on the Sentinel-2 images of s2_india_lite0.py.
_base_ = './dubai_norm_lite0.py'
title = 'Sentinel-2, projectors with batch normalisation'
data = dict(
    root='data/s2_rgb_256',
    held_out=['0', '2', '3', '10', '11', '17', '21', '34', '40', '42', '48'],
    max_val=400,
)
