# LoveDA as published: Train/Urban/images_png, ..., scored on Val.
_base_ = './d3plus_r50_1xb16-150e_rgb.py'
dataset = dict(_delete_=True, type='glcnet_plugin.LoveDADataset', data_root='data/loveDA')
model = dict(decode_head=dict(num_classes=7))
train_dataloader = dict(dataset=dict(dataset, split='Train', pipeline=_base_.train_pipeline))
val_dataloader = dict(
    dataset=dict(dataset, split='Val', pipeline=_base_.test_pipeline, test_mode=True)
)
test_dataloader = val_dataloader
