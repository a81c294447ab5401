# Dubai (72 aerial images, CC0, 5 classes), cut into tiles of 256 px, on a CPU: continued
# pretraining from ImageNet with EfficientNet-Lite0. Held out: groups D and E.
_base_ = '../../configs/_base_/studies/methods_lite0.py'
title = 'Dubai, continued from ImageNet'
data = dict(root='data/dubai', held_out=['D', 'E'], max_val=400)
