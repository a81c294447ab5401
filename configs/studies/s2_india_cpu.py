# Four bands: Sentinel-2 images of India, three classes, on a CPU. The groups held out were drawn
# once (benchmarks/splits). docs/benchmarks/four_bands.md.
_base_ = './dubai_cpu.py'
title = 'Four bands, Sentinel-2, a narrow network'
data = dict(
    root='data/s2_256',
    held_out=['0', '2', '3', '10', '11', '17', '21', '34', '40', '42', '48'],
)
only = ['random', 'glcnet', 'simclr', 'barlowtwins']
