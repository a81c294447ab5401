# The official pretraining schedule, shortened to 100 epochs.
_base_ = './adam_coslr_400e.py'
train_cfg = dict(max_epochs=100)
param_scheduler = [dict(_base_.param_scheduler[0], T_max=100)]
