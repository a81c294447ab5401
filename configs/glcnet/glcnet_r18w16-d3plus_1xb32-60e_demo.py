# Pretraining in two minutes on a CPU: narrow ResNet-18, views of 64 px; the method as in the paper.
_base_ = [
    '../_base_/backbones/resnet18w16_os16.py',
    '../_base_/decode_heads/deeplabv3plus_w16.py',
    '../_base_/models/glcnet.py',
    '../_base_/datasets/unlabeled_demo_64.py',
    '../_base_/schedules/adam_coslr_60e.py',
    '../_base_/default_runtime_demo.py',
]
model = dict(
    backbone=_base_.backbone,
    decode_head=_base_.decode_head,
    local_head=dict(region_size=14),  # 48 of 224, for views of 64
)
