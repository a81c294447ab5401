# Fine-tuning of the demo's transformer.
_base_ = [
    '../../_base_/decode_heads/deeplabv3.py',
    '../../_base_/models/encoder_decoder.py',
    '../../_base_/datasets/folder_demo_96.py',
    '../../_base_/schedules/adam_coslr_120i.py',
    '../../_base_/default_runtime_seg.py',
]
model = dict(
    backbone=dict(
        type='mmpretrain.VisionTransformer',
        arch=dict(embed_dims=64, num_layers=4, num_heads=4, feedforward_channels=256),
        img_size=64,
        patch_size=8,
        out_type='featmap',
    ),
    decode_head=dict(
        _base_.decode_head, in_index=0, channels=32, dilations=(1, 3, 6), num_classes=6
    ),
    test_cfg=dict(_delete_=True, mode='whole'),
)
default_hooks = dict(checkpoint=dict(interval=120, by_epoch=False))
log_processor = dict(by_epoch=False)
