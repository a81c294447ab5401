# The demo's study: random weights against GLCNet, on generated tiles or a labelled folder.
_base_ = '../configs/_base_/studies/methods_demo.py'
title = 'Is GLCNet pretraining worth it?'
data = dict(root='work_dirs/demo/tiles')
# the recipe for few labels, with fewer steps
networks = {'resnet18w16': 'downstream/linear_r18w16_1xb8-300i_few-labels.py'}
finetune_options = {'train_cfg.max_iters': 100, 'train_cfg.val_interval': 100}
methods = dict(glcnet=dict(scope='backbone'))
only = ['random', 'glcnet']
labels = ['16', '160']
seeds = [0, 1, 2, 3, 4]
pretrain_seeds = seeds  # so that intervals include the variance of pretraining
pretrain_steps = 300
notes = [
    'This is a narrow network, trained for minutes: it shows that the parts work together, not '
    'how well the method can perform.',
]
