# Dubai, fine-tuned from all labelled tiles for longer: the 300 steps of dubai_cpu.py see each of
# them one and a half times. docs/benchmarks/dubai.md.
_base_ = './dubai_cpu.py'
title = 'Dubai, all labels, a narrow network'
labels = ['100%']
finetune_options = {'train_cfg.max_iters': 1500}
only = ['random', 'glcnet', 'glcnet-decoder']
