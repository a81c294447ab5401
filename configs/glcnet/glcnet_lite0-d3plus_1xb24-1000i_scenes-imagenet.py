# The preset for your own GeoTIFF scenes, on a CPU: windows of the scenes instead of tiles.
_base_ = './glcnet_lite0-d3plus_1xb24-1000i_rgb-imagenet.py'
train_dataloader = dict(
    dataset=dict(type='glcnet_plugin.UnlabeledSceneDataset', window_size=256, max_nodata=0.5)
)
