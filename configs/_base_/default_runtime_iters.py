# Pretraining of a fixed number of steps, on a CPU.
_base_ = './default_runtime_pretrain.py'
default_hooks = dict(
    logger=dict(interval=10, log_metric_by_epoch=False),
    checkpoint=dict(interval=200, by_epoch=False, max_keep_ckpts=1),
    pretrain_visualization=dict(interval=200, by_epoch=False),
)
log_processor = dict(by_epoch=False)
