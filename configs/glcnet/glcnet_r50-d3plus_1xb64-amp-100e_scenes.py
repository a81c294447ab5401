# Windows of 256 px straight from large GeoTIFF scenes, new ones in every epoch.
_base_ = './glcnet_r50-d3plus_1xb64-amp-100e_rgb.py'
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='glcnet_plugin.UnlabeledSceneDataset',
        data_root='data/scenes',
        window_size=256,
        max_nodata=0.5,
        pipeline=_base_.train_pipeline,
    ),
)
