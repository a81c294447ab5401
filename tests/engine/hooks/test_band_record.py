from types import SimpleNamespace

from mmengine.registry import MODELS
from torch import nn

from glcnet_plugin.engine.hooks import BandRecordHook


def test_checkpoints_say_what_the_bands_are():
    model = nn.Module()
    model.data_preprocessor = MODELS.build(
        dict(type='glcnet_plugin.RSSegDataPreProcessor', mean=[1.0, 2.0], std=[3.0, 4.0],
             band_names=['R', 'NIR'])
    )  # fmt: skip
    checkpoint = {'meta': {}}
    BandRecordHook().before_save_checkpoint(SimpleNamespace(model=model), checkpoint)
    assert checkpoint['meta']['bands'] == {
        'names': ['R', 'NIR'], 'mean': [1.0, 2.0], 'std': [3.0, 4.0]
    }  # fmt: skip
