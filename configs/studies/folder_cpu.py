# Your labelled folder of tiles, on a CPU, with the demo's narrow network: set data.root.
_base_ = './dubai_cpu.py'
title = 'Which initialisation for my data? (a narrow network)'
data = dict(root='data/my_tiles', held_out=None)
