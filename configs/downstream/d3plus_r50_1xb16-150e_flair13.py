# FLAIR #1 as published, five bands, the 13 classes of its baseline, scored on its test domains.
_base_ = './d3plus_r50_1xb16-150e_rgb.py'
dataset = dict(_delete_=True, type='glcnet_plugin.FLAIR13Dataset', data_root='data/flair')
model = dict(
    data_preprocessor=dict(
        mean=[127.5] * 5,  # better those of band_stats.py
        std=[79.6875] * 5,
        band_names=['R', 'G', 'B', 'NIR', 'elevation'],
    ),
    backbone=dict(in_channels=5),
    decode_head=dict(num_classes=13),
)
train_dataloader = dict(dataset=dict(dataset, pipeline=_base_.train_pipeline))
val_dataloader = dict(
    dataset=dict(
        dataset,
        image_folder='flair_1_aerial_test',
        mask_folder='flair_1_labels_test',
        pipeline=_base_.test_pipeline,
        test_mode=True,
    )
)
test_dataloader = val_dataloader
