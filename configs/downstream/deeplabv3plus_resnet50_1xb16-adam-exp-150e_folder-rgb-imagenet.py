# The baseline that everyone has: ResNet-50 trained with the labels of ImageNet (torchvision),
# fed with the mean and std it was trained with. For other weights see docs/weights.md.
_base_ = './deeplabv3plus_resnet50_1xb16-adam-exp-150e_folder-rgb.py'
model = dict(data_preprocessor=dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375]))
imagenet = dict(
    type='glcnet_plugin.LoadPretrainedHook',
    checkpoint='https://download.pytorch.org/models/resnet50-0676ba61.pth',
    scope='backbone',
)
custom_hooks = [imagenet, *_base_.custom_hooks[1:]]
