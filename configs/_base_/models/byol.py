# BYOL with the settings of mmpretrain; the momentum rises from 0.99 to 1.
model = dict(
    type='BYOL',
    data_preprocessor=dict(
        type='glcnet_plugin.RSSelfSupDataPreprocessor',
        mean=[127.5] * 3,  # as in GLCNet
        std=[79.6875] * 3,
    ),
    base_momentum=0.01,  # share of the new weights
    neck=dict(
        type='NonLinearNeck',
        in_channels=2048,
        hid_channels=4096,
        out_channels=256,
        num_layers=2,
        with_bias=True,
        with_last_bn=False,
        norm_cfg=dict(type='BN1d'),
    ),
    head=dict(
        type='LatentPredictHead',
        predictor=dict(
            type='NonLinearNeck',
            in_channels=256,
            hid_channels=4096,
            out_channels=256,
            num_layers=2,
            with_bias=True,
            with_last_bn=False,
            with_avg_pool=False,
            norm_cfg=dict(type='BN1d'),
        ),
        loss=dict(type='CosineSimilarityLoss'),
    ),
)
