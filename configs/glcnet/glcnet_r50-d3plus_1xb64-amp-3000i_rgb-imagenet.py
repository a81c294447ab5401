# The preset for your own tiles with ResNet-50, on one GPU: ImageNet weights, continued by GLCNet
# for 3,000 steps. Not measured yet: the settings are those of the preset for a CPU, the views and
# the batch those of the other configs of ResNet-50.
_base_ = [
    '../_base_/backbones/resnet50_os16.py',
    '../_base_/decode_heads/deeplabv3plus.py',
    '../_base_/models/glcnet.py',
    '../_base_/datasets/unlabeled_224.py',
    '../_base_/schedules/adam_warmup_coslr_1000i.py',
    '../_base_/default_runtime_iters.py',
]
model = dict(
    data_preprocessor=dict(  # of the weights
        mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375]
    ),
    backbone=_base_.backbone,
    decode_head=_base_.decode_head,
)
optim_wrapper = dict(type='AmpOptimWrapper')
train_dataloader = dict(batch_size=64, sampler=dict(type='InfiniteSampler', shuffle=True))
train_cfg = dict(max_iters=3000)
default_hooks = dict(pretrained=dict(checkpoint='torchvision://resnet50'))
