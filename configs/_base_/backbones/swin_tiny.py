# Swin-T, output stride 32.
backbone = dict(
    type='mmpretrain.SwinTransformer',
    arch='tiny',
    img_size=224,
    in_channels=3,
    out_indices=(0, 1, 2, 3),
    drop_path_rate=0.1,
    pad_small_map=True,  # maps smaller than the windows of 7 x 7 cells
)
