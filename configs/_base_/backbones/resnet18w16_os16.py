# ResNet-18 at a quarter of its width: trains on two CPU cores in minutes.
_base_ = './resnet50_os16.py'
# Without dilation: the tiles of the demo's jigsaw have 2 x 2 cells.
backbone = dict(depth=18, stem_channels=16, base_channels=16, dilations=(1, 1, 1, 1))
