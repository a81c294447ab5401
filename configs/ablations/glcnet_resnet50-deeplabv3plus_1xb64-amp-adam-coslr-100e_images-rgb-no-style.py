# The global branch compares channel means alone.
_base_ = '../glcnet/glcnet_resnet50-deeplabv3plus_1xb64-amp-adam-coslr-100e_images-rgb.py'
model = dict(style_head=dict(type='glcnet_plugin.AverageContrastHead'))
