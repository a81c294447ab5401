# DeepGlobe Land Cover; made by convert_deepglobe.py and make_split.py.
_base_ = './d3plus_r50_1xb16-150e_rgb.py'
dataset = dict(type='glcnet_plugin.DeepGlobeDataset', data_root='data/deepglobe')
model = dict(decode_head=dict(num_classes=6))
train_dataloader = dict(dataset=dataset)
val_dataloader = dict(dataset=dataset)
test_dataloader = val_dataloader
