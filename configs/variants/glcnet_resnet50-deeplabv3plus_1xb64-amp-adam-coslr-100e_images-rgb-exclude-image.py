# Regions of the same image are no negatives of each other.
_base_ = '../glcnet/glcnet_resnet50-deeplabv3plus_1xb64-amp-adam-coslr-100e_images-rgb.py'
model = dict(local_head=dict(exclude='image'))
