# Four bands: Sentinel-2 images of India, three classes, on a CPU. The held-out groups were drawn
# once (benchmarks/splits). docs/benchmarks/four_bands.md.
_base_ = [
    '../../configs/_base_/studies/methods_demo.py',
    '../../configs/_base_/studies/schedule_cpu.py',
]
title = 'Four bands, Sentinel-2, a narrow network'
data = dict(
    root='data/s2_256',
    held_out=['0', '2', '3', '10', '11', '17', '21', '34', '40', '42', '48'],
    max_val=400,
)
only = ['random', 'glcnet', 'simclr', 'barlowtwins']
