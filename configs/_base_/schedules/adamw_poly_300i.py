# Fine-tuning on few labels: small steps in the backbone, larger ones in the decode head.
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=1e-4, weight_decay=1e-2),
    paramwise_cfg=dict(
        custom_keys={
            'decode_head': dict(lr_mult=3.0),
            'decode_head.conv_seg': dict(lr_mult=10.0),
        }
    ),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=30),
    # with the warm-up: each multiplies the rate
    dict(type='PolyLR', power=0.9, eta_min=0.0, by_epoch=False),
]
train_cfg = dict(type='IterBasedTrainLoop', max_iters=300, val_interval=300)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
