# ISPRS Vaihingen (near infrared, R, G); made by convert_vaihingen.py and make_split.py.
_base_ = './d3plus_r50_1xb16-150e_rgb.py'
dataset = dict(type='glcnet_plugin.VaihingenDataset', data_root='data/vaihingen')
model = dict(
    data_preprocessor=dict(band_names=['IR', 'R', 'G']),
    decode_head=dict(num_classes=6),
)
train_dataloader = dict(dataset=dataset)
val_dataloader = dict(dataset=dataset)
test_dataloader = val_dataloader
