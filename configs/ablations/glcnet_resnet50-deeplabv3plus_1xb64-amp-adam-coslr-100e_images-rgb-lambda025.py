# Weight 0.25 of the global loss, 0.75 of the local one; 0.5 is the default.
_base_ = '../glcnet/glcnet_resnet50-deeplabv3plus_1xb64-amp-adam-coslr-100e_images-rgb.py'
model = dict(lambda_global=0.25)
