import pytest
from mmengine.config import Config

from glcnet_plugin.engine.run_config import find_hooks, merge_options, read_config_file
from glcnet_plugin.errors import ConfigError


def test_hooks_are_found_in_both_places():
    cfg = Config(
        dict(
            default_hooks=dict(
                a=dict(type='glcnet_plugin.LoadPretrainedHook', scope='encoder'), checkpoint=None
            ),
            custom_hooks=[dict(type='LoadPretrainedHook'), dict(type='EMAHook')],
        )
    )
    hooks = find_hooks(cfg, 'LoadPretrainedHook')
    assert len(hooks) == 2
    hooks[0]['scope'] = 'backbone'
    assert cfg.default_hooks.a['scope'] == 'backbone'
    assert find_hooks(Config(dict(custom_hooks=None)), 'EMAHook') == []


@pytest.fixture
def cfg():
    loader = dict(batch_size=2, dataset=dict(data_root='a'))
    return Config(dict(val_dataloader=loader, test_dataloader=loader))


def test_options_for_val_reach_the_copy_for_test(cfg):
    merge_options(cfg, {'val_dataloader.dataset.data_root': 'b'})
    assert (
        cfg.test_dataloader == cfg.val_dataloader == dict(batch_size=2, dataset=dict(data_root='b'))
    )
    cfg.test_dataloader.dataset.data_root = 'c'  # not the same object
    assert cfg.val_dataloader.dataset.data_root == 'b'


@pytest.mark.parametrize(
    ('options', 'root'),
    [
        ({'test_dataloader.dataset.data_root': 'c'}, 'c'),
        ({'test_dataloader.batch_size': 1}, 'a'),
    ],
)
def test_options_for_test_are_left_alone(cfg, options, root):
    merge_options(cfg, {'val_dataloader.dataset.data_root': 'b', **options})
    assert cfg.test_dataloader.dataset.data_root == root


def test_a_test_set_of_its_own_is_left_alone(cfg):
    cfg.test_dataloader.batch_size = 7
    merge_options(cfg, {'val_dataloader.dataset.data_root': 'b'})
    assert cfg.test_dataloader.dataset.data_root == 'a'


def test_no_options(cfg):
    before = cfg.to_dict()
    merge_options(cfg)
    assert cfg.to_dict() == before


@pytest.mark.parametrize('way', ['option', 'argument', 'file'])
def test_data_root_is_never_ignored(cfg, way, tmp_path):
    """'--cfg-options data_root=DIR' and 'data_root = DIR' in a leaf used to change nothing."""
    gone = str(tmp_path / 'gone')
    if way == 'file':
        cfg.data_root = gone
    given = {'option': ({'data_root': gone},), 'argument': ({}, gone), 'file': ()}[way]
    with pytest.raises(ConfigError, match=f'data root {gone} is not a folder'):
        merge_options(cfg, *given)


def test_a_variable_that_a_dataset_reads_is_no_order(cfg):
    """Configs of mmseg have data_root at the top, and use it in their datasets."""
    cfg.data_root = 'a'
    merge_options(cfg, {'val_dataloader.dataset.data_root': 'b'})
    assert cfg.val_dataloader.dataset.data_root == 'b' and cfg.data_root == 'a'


def test_no_processes_keep_none_alive():
    """Torch refuses both settings in a data loader without processes."""
    loader = dict(num_workers=4, persistent_workers=True, prefetch_factor=2)
    cfg = Config(dict(train_dataloader=dict(loader), val_dataloader=dict(loader)))
    merge_options(cfg, {'train_dataloader.num_workers': 0})
    assert cfg.train_dataloader == dict(num_workers=0, persistent_workers=False)
    assert cfg.val_dataloader == loader


@pytest.mark.parametrize('text', [None, 'a = (', "_base_ = './gone.py'"])
def test_a_config_that_cannot_be_read_is_named(tmp_path, text):
    path = tmp_path / 'my.py'
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigError, match=r'cannot read the config .*my\.py'):
        read_config_file(path)
