# Fine-tuning on few labels: the linear probe first, then small steps away from it.
_base_ = './default_runtime_seg.py'
default_hooks = dict(
    # statistics of whole images, here of the training set; data_root=FOLDER takes unlabelled ones
    recalibrate_bn=dict(type='glcnet_plugin.RecalibrateBNHook'),
    freeze_norm=dict(type='glcnet_plugin.FreezeNormHook', modules=('backbone',)),
    probe_init=dict(type='glcnet_plugin.ProbeInitHook'),
    # the weights of about the last 50 steps; they are scored, and saved as `state_dict`
    ema=dict(type='glcnet_plugin.RunEMAHook', momentum=0.02, update_buffers=True),
    checkpoint=dict(interval=300, by_epoch=False),
)
log_processor = dict(by_epoch=False)
