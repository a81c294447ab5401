# A quarter of the width of ResNet-18: trains on two CPU cores in minutes.
_base_ = './resnet50_os16.py'
backbone = dict(depth=18, stem_channels=16, base_channels=16)
