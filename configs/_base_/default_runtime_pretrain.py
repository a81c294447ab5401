default_scope = 'mmpretrain'
default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=50),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(type='glcnet_plugin.AtomicCheckpointHook', interval=10, max_keep_ckpts=3),
    sampler_seed=dict(type='DistSamplerSeedHook'),
)
# Weights to start from, such as those of ImageNet (docs/weights.md); None for random ones.
custom_hooks = [
    dict(type='glcnet_plugin.LoadPretrainedHook', checkpoint=None, scope='backbone'),
    dict(type='glcnet_plugin.ProvenanceHook'),
    dict(type='glcnet_plugin.EmbeddingMetricsHook', interval=50),
    dict(type='glcnet_plugin.CollapseGuardHook', action='warn'),
    # docs/fault_tolerance.md: kills, signals, damaged files, numbers that are none
    dict(type='glcnet_plugin.DeterministicResumeHook'),
    dict(type='glcnet_plugin.ResumeCheckHook'),
    dict(type='glcnet_plugin.GracefulStopHook'),
    dict(type='glcnet_plugin.NaNGuardHook', max_skips=0),
    dict(type='glcnet_plugin.PretrainVisualizationHook', interval=10),
]
env_cfg = dict(
    cudnn_benchmark=True,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)
visualizer = dict(type='UniversalVisualizer', vis_backends=[dict(type='LocalVisBackend')])
randomness = dict(seed=0)
log_level = 'INFO'
load_from = None
resume = False
sync_bn = 'torch'  # when distributed, as in the official code
