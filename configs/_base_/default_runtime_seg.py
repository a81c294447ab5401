default_scope = 'mmseg'
default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=50, log_metric_by_epoch=True),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(type='glcnet_plugin.AtomicCheckpointHook', interval=10, max_keep_ckpts=3),
    sampler_seed=dict(type='DistSamplerSeedHook'),
)
# The pretrained checkpoint and how much of it is used; None trains from random weights.
# Set it with `tools/train.py --pretrained FILE --scope SCOPE`, or in any MM script with
# `--cfg-options custom_hooks.0.checkpoint=FILE`.
custom_hooks = [
    dict(type='glcnet_plugin.LoadPretrainedHook', checkpoint=None, scope='encoder'),
    dict(type='glcnet_plugin.ProvenanceHook'),
    dict(type='glcnet_plugin.ClassNumCheckHook'),
    # docs/fault_tolerance.md: kills, signals, damaged files, numbers that are none
    dict(type='glcnet_plugin.DeterministicResumeHook'),
    dict(type='glcnet_plugin.ResumeCheckHook'),
    dict(type='glcnet_plugin.GracefulStopHook'),
    dict(type='glcnet_plugin.NaNGuardHook', max_skips=0),
]
env_cfg = dict(
    cudnn_benchmark=True,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)
visualizer = dict(
    type='SegLocalVisualizer',
    vis_backends=[dict(type='LocalVisBackend')],
    alpha=0.4,  # the image stays visible below the classes
)
randomness = dict(seed=0)
log_level = 'INFO'
log_processor = dict(by_epoch=True)
load_from = None
resume = False
sync_bn = 'torch'
