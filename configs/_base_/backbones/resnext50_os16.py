# ResNeXt-50 32x4d at output stride 16.
_base_ = './resnet50_os16.py'
backbone = dict(type='mmseg.ResNeXt', groups=32, base_width=4)
