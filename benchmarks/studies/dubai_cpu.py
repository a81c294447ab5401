# Dubai (72 aerial images, CC0, 5 classes), cut into tiles of 256 px, on a CPU: all methods with the
# demo's narrow network. Held out: groups D and E. docs/benchmarks/dubai.md.
_base_ = [
    '../../configs/_base_/studies/methods_demo.py',
    '../../configs/_base_/studies/schedule_cpu.py',
]
title = 'Dubai, a narrow network'
data = dict(root='data/dubai', held_out=['D', 'E'], max_val=400)
