# Fine-tuning on few labels: the linear probe first, then small steps away from it.
_base_ = './default_runtime_seg.py'
default_hooks = dict(
    # the statistics of the pretraining; for those of one's own images see
    # docs/tutorials/rgb_tiles.md
    freeze_norm=dict(type='glcnet_plugin.FreezeNormHook', modules=('backbone',)),
    probe_init=dict(type='glcnet_plugin.ProbeInitHook'),
    # the weights of about the last 50 steps, which are scored, and saved as `state_dict`
    ema=dict(type='glcnet_plugin.RunEMAHook', momentum=0.02, update_buffers=True),
    checkpoint=dict(interval=300, by_epoch=False),
)
log_processor = dict(by_epoch=False)
