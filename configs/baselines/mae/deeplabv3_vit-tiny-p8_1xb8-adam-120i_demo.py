# Fine-tuning of the demo's transformer.
_base_ = '../../downstream/deeplabv3plus_resnet18w16_1xb8-adam-120i_demo.py'
model = dict(
    backbone=dict(
        _delete_=True,
        type='mmpretrain.VisionTransformer',
        arch=dict(embed_dims=64, num_layers=4, num_heads=4, feedforward_channels=256),
        img_size=64,
        patch_size=8,
        out_type='featmap',
    ),
    decode_head=dict(
        _delete_=True,
        type='mmseg.ASPPHead',
        in_index=0,
        channels=32,
        dilations=(1, 3, 6),
        num_classes=6,
        dropout_ratio=0.0,
        norm_cfg=dict(type='BN', requires_grad=True),
        align_corners=False,
        loss_decode=dict(type='CrossEntropyLoss', avg_non_ignore=True),
    ),
)
