# In what methods are pretrained otherwise, because it is part of them.
exceptions = dict(
    simsiam={
        'optim_wrapper.paramwise_cfg': 'the learning rate of the predictor stays as it starts',
        'custom_hooks': 'the hook that keeps it there',
    },
    densecl={'custom_hooks': 'the dense loss comes in after some steps'},
)
