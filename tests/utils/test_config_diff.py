from mmengine.config import Config

from glcnet_plugin.utils.config_diff import differing_keys, flatten


def text(**changes):
    cfg = Config(dict(model=dict(type='A', heads=[dict(width=8), dict(width=8)]), work_dir='x'))
    cfg.merge_from_dict(changes)
    return cfg.pretty_text


def test_differing_values_are_named_with_both():
    assert differing_keys(text(), text()) == []
    now = text(**{'model.heads.1.width': 16, 'optimizer': dict(lr=0.1), 'model.sizes': [1, 2]})
    assert differing_keys(text(), now) == [
        'model.heads.1.width: 8 -> 16',
        'model.sizes: (not there) -> [1, 2]',
        'optimizer.lr: (not there) -> 0.1',
    ]


def test_how_a_run_is_started_does_not_count():
    now = text(work_dir='y', resume=True, launcher='slurm', log_level='DEBUG')
    assert differing_keys(text(), now) == []


def test_flatten_keeps_plain_lists():
    assert flatten({'a': [{'b': 1}, 2], 'c': [1, 2], 'd': {}}) == {
        'a.0.b': 1,
        'a.1': 2,
        'c': [1, 2],
    }
