# DenseCL with the settings of mmpretrain, but the queue of GLCNet's MoCo baseline: 65536
# entries are more than there are tiles. The batch of all GPUs must divide the queue; a leaf
# adds the hook that enables the dense loss after some steps.
model = dict(
    type='DenseCL',
    data_preprocessor=dict(
        type='glcnet_plugin.RSSelfSupDataPreprocessor',
        mean=[127.5] * 3,  # as in GLCNet
        std=[79.6875] * 3,
    ),
    queue_len=2048,
    feat_dim=128,
    momentum=0.001,  # share of the new weights: 1 - 0.999
    loss_lambda=0.5,
    neck=dict(type='DenseCLNeck', in_channels=2048, hid_channels=2048, out_channels=128),
    head=dict(
        type='ContrastiveHead',
        temperature=0.2,
        loss=dict(type='CrossEntropyLoss'),
    ),
)
