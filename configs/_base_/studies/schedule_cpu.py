# Labels, seeds and steps of a study on a CPU.
labels = ['1%', '10%', '100%']
seeds = [0, 1, 2, 3, 4]
pretrain_seeds = seeds  # so that intervals include the variance of the pretraining
pretrain_steps = 700
finetune_options = {'train_cfg.max_iters': 300}
quick = dict(
    only=['random', 'glcnet', 'simclr'],
    labels=['1%', '10%'],
    pretrain_seeds=[0],
    pretrain_steps=300,
)
