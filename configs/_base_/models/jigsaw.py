# Jigsaw puzzles of 3 x 3 tiles; 1000 permutations as in GLCNet's baseline, tiles of 64 of
# 75 px (here 74) and widths as in the paper.
model = dict(
    type='glcnet_plugin.Jigsaw',
    data_preprocessor=dict(mean=[127.5] * 3, std=[79.6875] * 3),  # as in GLCNet
    permutations=1000,
    tile_size=64,
    tile_channels=1024,
    hidden_channels=4096,
)
