# 16 regions per image; 4 is the default.
_base_ = '../glcnet/glcnet_resnet50-deeplabv3plus_1xb64-amp-adam-coslr-100e_images-rgb.py'
model = dict(local_head=dict(num_regions=16))
