# Inpainting on a CPU, the data and schedule of GLCNet's demo.
_base_ = [
    '../../_base_/backbones/resnet18w16_os16.py',
    '../../_base_/decode_heads/deeplabv3plus_w16.py',
    '../../_base_/models/inpainting.py',
    '../../_base_/datasets/unlabeled_demo_64.py',
    '../../_base_/schedules/adam_coslr_60e.py',
    '../../_base_/default_runtime_demo.py',
]
model = dict(
    backbone=_base_.backbone,
    decode_head=dict(_base_.decode_head, num_classes=3),  # as many as bands
    hole_size=5,  # 16 of 224, for views of 64
)
