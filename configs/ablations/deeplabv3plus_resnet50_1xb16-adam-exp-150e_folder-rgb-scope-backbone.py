# The backbone alone is loaded; the default adds ASPP.
_base_ = '../downstream/deeplabv3plus_resnet50_1xb16-adam-exp-150e_folder-rgb.py'
custom_hooks = [
    dict(_base_.custom_hooks[0], scope='backbone'),
    *_base_.custom_hooks[1:],
]
