# ResNet-50 with the deep stem, the usual one of mmseg; weights of the plain stem do not fit.
_base_ = './resnet50_os16.py'
backbone = dict(type='mmseg.ResNetV1c')
