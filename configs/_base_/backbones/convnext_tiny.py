# ConvNeXt-T, output stride 32.
backbone = dict(
    type='mmpretrain.ConvNeXt',
    arch='tiny',
    in_channels=3,
    out_indices=(0, 1, 2, 3),
    drop_path_rate=0.1,
    layer_scale_init_value=1.0,
    gap_before_final_norm=False,  # maps, not vectors
)
