import pytest
from mmengine.config import Config

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.study.options import set_options


def test_values_are_set_by_dotted_key():
    cfg = Config({'model': {'heads': [{'size': 1}]}, 'seeds': [0]})
    set_options(cfg, {'model.heads.0.size': 2, 'seeds': [1, 2]}, 'ours')
    assert cfg.model.heads[0].size == 2 and cfg.seeds == [1, 2]


@pytest.mark.parametrize('key', ['seeds.3', 'seeds.0.x', 'model.heads.1.size'])
def test_keys_that_lead_nowhere(key):
    cfg = Config({'model': {'heads': [{'size': 1}]}, 'seeds': [0]})
    with pytest.raises(ConfigError, match=f'ours: {key} = 2 cannot be set in'):
        set_options(cfg, {key: 2}, 'ours')
