# Both boxes of a region cover the same ground, whatever the scale of the views.
_base_ = '../glcnet/glcnet_resnet50-deeplabv3plus_1xb64-amp-adam-coslr-100e_images-rgb.py'
model = dict(local_head=dict(ground_aligned=True))
