# The demo's pretraining, watched: a linear probe of the frozen features every 5 epochs, on labels
# of two scenes, scored on two others.
_base_ = './glcnet_resnet18w16-deeplabv3plus_1xb32-adam-coslr-60e_demo.py'
labelled = dict(type='glcnet_plugin.FolderSegDataset', data_root='work_dirs/demo/tiles')
custom_hooks = [
    *_base_.custom_hooks,
    dict(
        type='glcnet_plugin.ProbeHook',
        train=dict(labelled, groups=['s000', 's001']),
        val=dict(labelled, groups=['s002', 's003']),
        interval=5,
    ),
]
