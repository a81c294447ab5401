# GLCNet with the official settings; a leaf adds the backbone and the decode head.
model = dict(
    type='glcnet_plugin.GLCNet',
    data_preprocessor=dict(mean=[127.5] * 3, std=[79.6875] * 3),  # x / 255 * 3.2 - 1.6
    style_head=dict(
        type='glcnet_plugin.StyleContrastHead',
        hidden_channels=256,
        out_channels=64,
        loss=dict(temperature=0.5),
    ),
    local_head=dict(
        type='glcnet_plugin.LocalMatchingHead',
        hidden_channels=64,
        out_channels=64,
        num_regions=4,
        region_size=48,
        loss=dict(temperature=0.5),
    ),
    lambda_global=0.5,
)
