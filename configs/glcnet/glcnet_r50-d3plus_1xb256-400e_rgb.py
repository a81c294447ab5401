# The official settings on a folder of RGB tiles of 256 px or more.
_base_ = [
    '../_base_/backbones/resnet50_os16.py',
    '../_base_/decode_heads/deeplabv3plus.py',
    '../_base_/models/glcnet.py',
    '../_base_/datasets/unlabeled_224.py',
    '../_base_/schedules/adam_coslr_400e.py',
    '../_base_/default_runtime_pretrain.py',
]
model = dict(backbone=_base_.backbone, decode_head=_base_.decode_head)
