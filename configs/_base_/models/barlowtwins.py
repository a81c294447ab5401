# Barlow Twins with the settings of mmpretrain.
model = dict(
    type='BarlowTwins',
    data_preprocessor=dict(
        type='glcnet_plugin.RSSelfSupDataPreprocessor',
        mean=[127.5] * 3,  # as in GLCNet
        std=[79.6875] * 3,
    ),
    neck=dict(
        type='NonLinearNeck',
        in_channels=2048,
        hid_channels=8192,
        out_channels=8192,
        num_layers=3,
        with_last_bn=False,
        norm_cfg=dict(type='BN1d'),
        init_cfg=dict(type='Kaiming', distribution='uniform', layer=['Linear']),
    ),
    head=dict(
        type='LatentCrossCorrelationHead',
        in_channels=8192,  # out_channels of the neck
        loss=dict(type='CrossCorrelationLoss'),
    ),
)
