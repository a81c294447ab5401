# Regions of 16 px; 48 is the default.
_base_ = '../glcnet/glcnet_resnet50-deeplabv3plus_1xb64-amp-adam-coslr-100e_images-rgb.py'
model = dict(local_head=dict(region_size=16))
