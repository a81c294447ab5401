# One GPU with 12 GB or more: batch 64, mixed precision, 100 epochs.
_base_ = [
    '../_base_/backbones/resnet50_os16.py',
    '../_base_/decode_heads/deeplabv3plus.py',
    '../_base_/models/glcnet.py',
    '../_base_/datasets/unlabeled_224.py',
    '../_base_/schedules/adam_coslr_400e.py',
    '../_base_/default_runtime_pretrain.py',
]
model = dict(backbone=_base_.backbone, decode_head=_base_.decode_head)
optim_wrapper = dict(type='AmpOptimWrapper')
train_dataloader = dict(batch_size=64)
train_cfg = dict(max_epochs=100)
