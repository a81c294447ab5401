"""What the server of script_processes.py imports before it forks."""

import gc
import os

os.environ['OMP_NUM_THREADS'] = '1'

import cached_format  # noqa: F401
import matplotlib.figure  # noqa: F401
import mmengine.runner  # noqa: F401
import mmpretrain.datasets
import mmpretrain.engine
import mmpretrain.models
import mmpretrain.visualization  # noqa: F401
import mmseg.datasets
import mmseg.engine
import mmseg.models
import mmseg.visualization  # noqa: F401
import pandas  # noqa: F401
import rasterio  # noqa: F401
import sklearn.linear_model  # noqa: F401
import torch

torch.set_num_threads(1)
gc.freeze()  # else each dataset of a process walks over all of the above
