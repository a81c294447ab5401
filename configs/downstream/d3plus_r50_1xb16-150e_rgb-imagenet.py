# The common baseline: ResNet-50 trained with the labels of ImageNet (torchvision), with the mean
# and std of its training. For other weights see docs/weights.md.
_base_ = './d3plus_r50_1xb16-150e_rgb.py'
model = dict(data_preprocessor=dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375]))
default_hooks = dict(
    pretrained=dict(
        checkpoint='https://download.pytorch.org/models/resnet50-0676ba61.pth',
        scope='backbone',
    )
)
