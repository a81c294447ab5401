# A folder prepared for the official GLCNet code: class_dict.txt, train_RGBIR/, train_lbl/, lists.
_base_ = './d3plus_r50_1xb16-150e_rgb.py'
dataset = dict(
    _delete_=True,
    type='glcnet_plugin.OfficialLayoutDataset',
    data_root='data/Potsdam',
    # the official code trains and scores black, class '0', too
    ignored_classes=['0'],
)
model = dict(
    data_preprocessor=dict(mean=[127.5] * 4, std=[79.6875] * 4),
    backbone=dict(in_channels=4),
    # the paper's rates: on 16 x 16 cells, 8 of the 9 taps of rate 18 see only padding
    decode_head=dict(num_classes=6, dilations=(1, 6, 12, 18)),
)
train_dataloader = dict(
    dataset=dict(dataset, ann_file='trainR1_RGBIR.txt', pipeline=_base_.train_pipeline)
)
val_dataloader = dict(
    dataset=dict(
        dataset,
        ann_file='val_RGBIR.txt',
        image_folder='val_RGBIR',
        mask_folder='val_lbl',
        pipeline=_base_.test_pipeline,
        test_mode=True,
    )
)
test_dataloader = val_dataloader
