# EfficientNet-Lite0 of timm, output stride 32: 3.4 million parameters, for a CPU.
# ImageNet's weights are imagenet://efficientnet_lite0, with mean 127 and std 128.
backbone = dict(
    type='mmpretrain.TIMMBackbone',
    model_name='tf_efficientnet_lite0',
    features_only=True,
    out_indices=(1, 2, 3, 4),  # strides 4, 8, 16, 32
    in_channels=3,
)
