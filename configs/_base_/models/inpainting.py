# Inpainting with the holes and weights of GLCNet's baseline; a leaf adds the backbone, and
# the decode head with as many classes as bands.
model = dict(
    type='glcnet_plugin.Inpainting',
    data_preprocessor=dict(mean=[127.5] * 3, std=[79.6875] * 3),  # as in GLCNet
    num_holes=16,
    hole_size=16,
    hole_weight=0.99,
)
