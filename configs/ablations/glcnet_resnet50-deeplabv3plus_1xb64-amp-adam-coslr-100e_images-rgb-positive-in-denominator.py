# SimCLR's form of both losses.
_base_ = '../glcnet/glcnet_resnet50-deeplabv3plus_1xb64-amp-adam-coslr-100e_images-rgb.py'
loss = dict(positive_in_denominator=True)
model = dict(style_head=dict(loss=loss), local_head=dict(loss=loss))
