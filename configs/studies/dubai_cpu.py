# Dubai (72 aerial images, CC0, 5 classes), cut into tiles of 256 px, on a CPU: all methods with the
# demo's narrow network. Held out: groups D and E. docs/benchmarks/dubai.md.
_base_ = '../_base_/studies/ablations_demo.py'
title = 'Dubai, a narrow network'
data = dict(root='data/dubai', held_out=['D', 'E'], max_val=400)
labels = ['1%', '10%', '100%']
seeds = [0, 1, 2, 3, 4]
pretrain_seeds = seeds  # so that intervals hold the luck of the pretraining, too
pretrain_steps = 700
finetune_options = {'train_cfg.max_iters': 300, 'param_scheduler.0.T_max': 300}
quick = dict(
    only=['random', 'glcnet', 'simclr'],
    labels=['1%', '10%'],
    pretrain_seeds=[0],
    pretrain_steps=300,
)
