# The preset for your own GeoTIFF scenes, on a CPU: ImageNet weights, continued by GLCNet on windows
# of the scenes for 1,000 steps.
_base_ = [
    '../_base_/backbones/efficientnet_lite0.py',
    '../_base_/decode_heads/deeplabv3plus_lite0.py',
    '../_base_/models/glcnet.py',
    '../_base_/datasets/unlabeled_96.py',
    '../_base_/schedules/adam_warmup_coslr_1000i.py',
    '../_base_/default_runtime_iters.py',
]
model = dict(
    data_preprocessor=dict(mean=[127.0] * 3, std=[128.0] * 3),  # of the weights
    backbone=_base_.backbone,
    decode_head=_base_.decode_head,
    local_head=dict(region_size=20),  # 48 of 224, for views of 96
)
train_dataloader = dict(
    dataset=dict(type='glcnet_plugin.UnlabeledSceneDataset', window_size=256, max_nodata=0.5)
)
default_hooks = dict(pretrained=dict(checkpoint='imagenet://efficientnet_lite0'))
