# SimSiam with the settings of mmpretrain; a leaf adds the hook that keeps the predictor's
# learning rate constant.
model = dict(
    type='SimSiam',
    data_preprocessor=dict(
        type='glcnet_plugin.RSSelfSupDataPreprocessor',
        mean=[127.5] * 3,  # as in GLCNet
        std=[79.6875] * 3,
    ),
    neck=dict(
        type='NonLinearNeck',
        in_channels=2048,
        hid_channels=2048,
        out_channels=2048,
        num_layers=3,
        with_last_bn_affine=False,
        norm_cfg=dict(type='BN1d'),
    ),
    head=dict(
        type='LatentPredictHead',
        predictor=dict(
            type='NonLinearNeck',
            in_channels=2048,
            hid_channels=512,
            out_channels=2048,
            num_layers=2,
            with_last_bn=False,
            with_last_bias=True,
            with_avg_pool=False,
            norm_cfg=dict(type='BN1d'),
        ),
        loss=dict(type='CosineSimilarityLoss'),
    ),
)
