# The demo's pretraining with a linear probe of the frozen features every 5 epochs, trained on the
# labels of two scenes and scored on two others.
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
labelled = dict(type='glcnet_plugin.FolderSegDataset', data_root='work_dirs/demo/tiles')
default_hooks = dict(
    probe=dict(
        type='glcnet_plugin.ProbeHook',
        train=dict(labelled, groups=['s000', 's001']),
        val=dict(labelled, groups=['s002', 's003']),
        interval=5,
    ),
)
