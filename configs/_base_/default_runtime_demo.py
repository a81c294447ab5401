# Pretraining of the demo: about 600 steps, one checkpoint.
_base_ = './default_runtime_pretrain.py'
default_hooks = dict(logger=dict(interval=10), checkpoint=dict(interval=60))
