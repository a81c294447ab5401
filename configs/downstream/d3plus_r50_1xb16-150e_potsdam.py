# The paper's Potsdam fine-tuning: 138 of 13,824 tiles labelled, scored on 8,064 tiles.
# tools/dataset_tools/convert_potsdam.py and make_split.py make the folder and the list.
_base_ = './d3plus_r50_1xb16-150e_rgb.py'
dataset = dict(type='glcnet_plugin.PotsdamDataset', data_root='data/potsdam')
model = dict(
    data_preprocessor=dict(mean=[127.5] * 4, std=[79.6875] * 4, band_names=['R', 'G', 'B', 'IR']),
    backbone=dict(in_channels=4),
    # the paper's rates: on 16 x 16 cells, 8 of the 9 taps of rate 18 see only padding
    decode_head=dict(num_classes=6, dilations=(1, 6, 12, 18)),
)
train_dataloader = dict(dataset=dataset)
val_dataloader = dict(dataset=dataset)
test_dataloader = val_dataloader
