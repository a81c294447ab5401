# Pretraining of the demo.
_base_ = './adam_coslr_400e.py'
train_cfg = dict(max_epochs=60)
auto_scale_lr = dict(enable=False)  # 1e-3 suits batch 32 with Adam
