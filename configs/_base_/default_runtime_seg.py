# Hooks, log and checkpoints of every fine-tuning by epochs.
default_scope = 'mmseg'
# Every hook has a name: `--cfg-options default_hooks.pretrained.checkpoint=FILE`.
# None switches off the six hooks of mmengine only (the first five here and runtime_info); leave out
# others with `default_hooks = dict(_delete_=True, ...)` in a config file.
default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=50, log_metric_by_epoch=True),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(type='glcnet_plugin.AtomicCheckpointHook', interval=10, max_keep_ckpts=3),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    # the pretrained checkpoint and which part of it is loaded, as set by
    # `tools/train.py --pretrained FILE --scope SCOPE`; None for random weights
    pretrained=dict(type='glcnet_plugin.LoadPretrainedHook', checkpoint=None, scope='encoder'),
    # docs/performance.md: faster on a CPU
    keep_memory=dict(type='glcnet_plugin.KeepMemoryHook'),
    # stops at the start what would stop later: batch size, save_best, mixed image sizes
    preflight=dict(type='glcnet_plugin.PreflightHook'),
    provenance=dict(type='glcnet_plugin.ProvenanceHook'),
    class_num_check=dict(type='glcnet_plugin.ClassNumCheckHook'),
    dead_taps=dict(type='glcnet_plugin.DeadTapsHook'),
    # docs/fault_tolerance.md: kills, signals, damaged files, NaN or infinite losses
    deterministic_resume=dict(type='glcnet_plugin.DeterministicResumeHook'),
    resume_check=dict(type='glcnet_plugin.ResumeCheckHook'),
    graceful_stop=dict(type='glcnet_plugin.GracefulStopHook'),
    nan_guard=dict(type='glcnet_plugin.NaNGuardHook', max_skips=0),
    # a bar in a terminal; where everything is and which command comes next
    progress=dict(type='glcnet_plugin.ProgressHook'),
)
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
