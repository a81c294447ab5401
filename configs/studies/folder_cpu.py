# Your labelled folder of tiles, on a CPU, with the demo's narrow network: set data.root.
_base_ = ['../_base_/studies/methods_demo.py', '../_base_/studies/schedule_cpu.py']
title = 'Which initialisation for my data? (a narrow network)'
data = dict(root='data/my_tiles', max_val=400)
