# dubai_norm_lite0.py on the Sentinel-2 images of s2_india_lite0.py.
from mmengine import Config

_base_ = './dubai_norm_lite0.py'
title = 'Sentinel-2, projectors with batch normalisation'
data = Config.fromfile('{{ fileDirname }}/s2_india_lite0.py').data
del Config
