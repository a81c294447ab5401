# Weight 1 of the global loss, 0 of the local one; 0.5 is the default.
_base_ = '../glcnet/glcnet_resnet50-deeplabv3plus_1xb64-amp-adam-coslr-100e_images-rgb.py'
model = dict(lambda_global=1.0)
