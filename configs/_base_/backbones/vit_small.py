# ViT-S/16: four maps of one resolution, output stride 16.
backbone = dict(
    type='mmpretrain.VisionTransformer',
    arch='deit-small',
    img_size=224,
    patch_size=16,
    in_channels=3,
    out_indices=(2, 5, 8, 11),
    out_type='featmap',
    final_norm=True,
)
