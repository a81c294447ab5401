# Batches of 16: the negatives come from queues that a momentum encoder fills.
_base_ = '../glcnet/glcnet_r50-d3plus_1xb64-amp-100e_rgb.py'
model = dict(type='glcnet_plugin.MomentumGLCNet', momentum=0.001, queue_length=2048)
train_dataloader = dict(batch_size=16)
