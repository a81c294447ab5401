# ResNet-101 at output stride 16.
_base_ = './resnet50_os16.py'
backbone = dict(depth=101)
