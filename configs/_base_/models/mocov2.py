# MoCo v2 with the queue, temperature and width of GLCNet's MoCo baseline. The batch of all
# GPUs must divide the queue; with a few thousand tiles a longer one repeats them.
model = dict(
    type='MoCo',
    data_preprocessor=dict(
        type='glcnet_plugin.RSSelfSupDataPreprocessor',
        mean=[127.5] * 3,  # as in GLCNet
        std=[79.6875] * 3,
    ),
    queue_len=2048,
    feat_dim=64,
    momentum=0.001,  # share of the new weights: 1 - 0.999
    neck=dict(type='MoCoV2Neck', in_channels=2048, hid_channels=2048, out_channels=64),
    head=dict(
        type='ContrastiveHead',
        temperature=0.07,
        loss=dict(type='CrossEntropyLoss'),
    ),
)
