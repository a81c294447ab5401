# The paper's Potsdam fine-tuning: 138 of 13,824 tiles labelled, scored on 8,064 tiles.
_base_ = './deeplabv3plus_resnet50_1xb16-adam-exp-150e_folder-rgb.py'
data_root = 'data/potsdam'
model = dict(
    data_preprocessor=dict(mean=[127.5] * 4, std=[79.6875] * 4),
    backbone=dict(in_channels=4),
    decode_head=dict(num_classes=6),
)
train_dataloader = dict(dataset=dict(data_root=data_root))
val_dataloader = dict(dataset=dict(data_root=data_root))
test_dataloader = val_dataloader
