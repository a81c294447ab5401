# The global branch alone; what follows the encoder map stays untrained.
_base_ = '../glcnet/glcnet_resnet50-deeplabv3plus_1xb64-amp-adam-coslr-100e_images-rgb.py'
model = dict(local_head=None)
