# Temperature 0.2; 0.5 is the default.
_base_ = '../glcnet/glcnet_resnet50-deeplabv3plus_1xb64-amp-adam-coslr-100e_images-rgb.py'
loss = dict(temperature=0.2)
model = dict(style_head=dict(loss=loss), local_head=dict(loss=loss))
