# Dubai; made by convert_dubai.py and make_split.py (--val-groups D E).
_base_ = './d3plus_r50_1xb16-150e_rgb.py'
dataset = dict(type='glcnet_plugin.DubaiDataset', data_root='data/dubai')
model = dict(decode_head=dict(num_classes=5))
train_dataloader = dict(dataset=dataset)
val_dataloader = dict(dataset=dataset)
test_dataloader = val_dataloader
