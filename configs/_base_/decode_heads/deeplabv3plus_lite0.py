# DeepLabV3+ of half the width, for EfficientNet-Lite0 on a CPU.
_base_ = './deeplabv3plus.py'
decode_head = dict(
    channels=128,
    dilations=(1, 2),  # less than the 3 cells of a view of 96 px at output stride 32
    c1_channels=24,
)
