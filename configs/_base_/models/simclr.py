# SimCLR; neck of mmpretrain, 64 numbers and temperature 0.5 of GLCNet's SimCLR baseline.
model = dict(
    type='SimCLR',
    data_preprocessor=dict(
        type='glcnet_plugin.RSSelfSupDataPreprocessor',
        mean=[127.5] * 3,  # as in GLCNet
        std=[79.6875] * 3,
    ),
    neck=dict(
        type='NonLinearNeck',
        in_channels=2048,
        hid_channels=2048,
        out_channels=64,
        num_layers=2,
        norm_cfg=dict(type='BN1d'),
    ),
    head=dict(
        type='ContrastiveHead',
        temperature=0.5,
        loss=dict(type='CrossEntropyLoss'),
    ),
)
