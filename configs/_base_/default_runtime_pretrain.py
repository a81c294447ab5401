# Hooks, log and checkpoints of every pretraining by epochs.
default_scope = 'mmpretrain'
# Every hook has a name: `--cfg-options default_hooks.embedding_metrics.interval=10`.
# None switches off the six hooks of mmengine only (the first five here and runtime_info); leave out
# others with `default_hooks = dict(_delete_=True, ...)` in a config file.
default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=50),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(type='glcnet_plugin.AtomicCheckpointHook', interval=10, max_keep_ckpts=3),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    # weights to start from, such as those of ImageNet (docs/weights.md); None for random ones
    pretrained=dict(type='glcnet_plugin.LoadPretrainedHook', checkpoint=None, scope='backbone'),
    # docs/performance.md: faster on GPUs and CPUs
    channels_last=dict(type='glcnet_plugin.ChannelsLastHook'),
    # docs/performance.md: faster on a CPU
    keep_memory=dict(type='glcnet_plugin.KeepMemoryHook'),
    # stops at the start what would stop later: batch size, save_best, mixed image sizes
    preflight=dict(type='glcnet_plugin.PreflightHook'),
    provenance=dict(type='glcnet_plugin.ProvenanceHook'),
    embedding_metrics=dict(type='glcnet_plugin.EmbeddingMetricsHook', interval=50),
    collapse_guard=dict(type='glcnet_plugin.CollapseGuardHook', action='warn'),
    dead_taps=dict(type='glcnet_plugin.DeadTapsHook'),
    # docs/fault_tolerance.md: kills, signals, damaged files, NaN or infinite losses
    deterministic_resume=dict(type='glcnet_plugin.DeterministicResumeHook'),
    resume_check=dict(type='glcnet_plugin.ResumeCheckHook'),
    graceful_stop=dict(type='glcnet_plugin.GracefulStopHook'),
    nan_guard=dict(type='glcnet_plugin.NaNGuardHook', max_skips=0),
    pretrain_visualization=dict(type='glcnet_plugin.PretrainVisualizationHook', interval=10),
    # a bar in a terminal; where everything is and which command comes next
    progress=dict(type='glcnet_plugin.ProgressHook'),
)
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
