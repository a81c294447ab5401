from types import SimpleNamespace

import numpy as np
from mmengine.registry import DATASETS, MODELS
from torch import nn

from glcnet_plugin.engine.hooks import ProvenanceHook
from glcnet_plugin.engine.provenance import data_fingerprint, git_hash, image_paths


def test_checkpoints_say_what_they_were_made_of(tmp_path):
    np.save(tmp_path / 'a.npy', np.zeros((4, 4, 3), np.uint8))
    model = nn.Module()
    model.data_preprocessor = MODELS.build(
        dict(type='glcnet_plugin.RSSegDataPreProcessor', mean=[1.0, 2.0], std=[3.0, 4.0],
             band_names=['R', 'NIR'])
    )  # fmt: skip
    dataset = DATASETS.build(dict(type='glcnet_plugin.UnlabeledRSDataset', data_root=str(tmp_path)))
    runner = SimpleNamespace(model=model, train_dataloader=SimpleNamespace(dataset=dataset))
    hook, checkpoint = ProvenanceHook(), {'meta': {'epoch': 3}}
    hook.before_train(runner)
    hook.before_save_checkpoint(runner, checkpoint)
    assert checkpoint['meta'] == {
        'epoch': 3,
        'bands': {'names': ['R', 'NIR'], 'mean': [1.0, 2.0], 'std': [3.0, 4.0]},
        'git_hash': git_hash(),
        'data': data_fingerprint(image_paths(dataset)),
        'tile_side': 4,
    }
