from dataclasses import asdict, replace

import pytest

from glcnet_plugin.engine.run_config import CONFIGS
from glcnet_plugin.errors import ConfigError
from glcnet_plugin.study.settings import Method, config_file, read_study


def test_a_study_says_what_is_compared(study):
    assert study.name == 'small' and study.title == 'A small study'
    assert list(study.methods) == ['random', 'glcnet', 'simclr']
    glcnet = study.methods['glcnet']
    assert glcnet.scope == 'encoder' and glcnet.trained and glcnet.network == 'resnet18w16'
    assert not study.methods['random'].trained
    assert study.start_of(glcnet) == 'random'
    assert set(study.exceptions) == set()  # of methods that are not compared
    assert asdict(study)['data']['max_val'] == 80


def test_the_short_run_and_options(study_file):
    study = read_study(study_file, quick=True, options={'labels': ['3'], 'data.max_val': 5})
    assert list(study.methods) == ['random', 'glcnet'] and study.seeds == [0]
    assert study.labels == ['3'] and study.data.max_val == 5


def test_labels_and_groups_may_be_numbers(study_file):
    # the command line makes numbers of them
    study = read_study(study_file, options={'labels': [3, '1%'], 'data.held_out': [0, 'A']})
    assert study.labels == ['3', '1%'] and study.data.held_out == ['0', 'A']


def test_seeds_take_pretrainings_in_turn(study_file):
    study = read_study(study_file, options={'seeds': [3, 5, 7], 'pretrain_seeds': [10, 11]})
    assert [study.pretrain_seed(seed) for seed in study.seeds] == [10, 11, 10]


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'only': ['random', 'dino']}, "method 'dino' is unknown; choose from random, glcnet"),
        (
            {'methods.glcnet.options': {'train_dataloader.dataset.pipeline.9.x': 1}},
            'method glcnet: options: train_dataloader.dataset.pipeline.9.x = 1 cannot be set in',
        ),
        (
            {'finetune_options': {'train_cfg.max_iters.x': 1}},
            'network resnet18w16: options: train_cfg.max_iters.x = 1 cannot be set in',
        ),
        (
            {'methods.glcnet.config': 'glcnet/none.py'},
            'method glcnet: config glcnet/none.py exists neither in',
        ),
        ({'methods.glcnet.scop': 'x'}, "glcnet: 'scop' is unknown; choose from name, config"),
        ({'data.rot': 'x'}, "data: 'rot' is unknown; choose from root"),
        ({'proposed': 'byol'}, "proposed 'byol' is not one of the methods random, glcnet"),
        ({'methods.random.network': 'vit'}, "network 'vit' of random is not one of resnet18w16"),
        ({'networks.resnet18w16': 'x.py'}, 'network resnet18w16: config x.py exists neither in'),
        ({'data.pretrain_window': 64}, 'data.pretrain_window is for the scenes of'),
        ({'seeds': []}, r'seeds \[\]: list at least one'),
        ({'labels': ['1', '1']}, 'each only once'),
        ({'pretrain_steps': 0}, 'at least 1, got 0'),
        ({'pretrain_minutes': 0.0}, 'must be positive, got 0.0; use None'),
        ({'sedes': [1]}, "'sedes' is unknown; choose from name, title"),
        ({'seeds.3': 0}, 'options: seeds.3 = 0 cannot be set in .*small.py'),
        ({'seeds': 3}, r'seeds must be list\[int\], got 3'),
        ({'seeds': ['a']}, r"seeds must be list\[int\], got \['a'\]"),
        ({'labels': '1%'}, r"labels must be list\[str\], got '1%'"),
        ({'only': 'glcnet'}, r"only must be list\[str\] \| None, got 'glcnet'"),
        ({'data.held_out': 'D'}, r"data: held_out must be list\[str\] \| None, got 'D'"),
        ({'data': 'data/tiles'}, "data must be dict, got 'data/tiles'"),
        ({'finetune': 'no'}, "finetune must be bool, got 'no'"),
        ({'pretrain_steps': True}, 'pretrain_steps must be int, got True'),
        ({'finetune_options': ['x']}, r"finetune_options must be dict\[str, Any\], got \['x'\]"),
        ({'methods.glcnet': 'x.py'}, "methods: glcnet must be dict, got 'x.py'"),
    ],
)
def test_mistakes_are_named(study_file, options, message):
    with pytest.raises(ConfigError, match=message):
        read_study(study_file, options=options)


def test_what_is_missing_is_named(tmp_path):
    path = tmp_path / 'empty.py'
    path.write_text("data = dict(root='x')\n")
    with pytest.raises(
        ConfigError, match="'networks', 'methods', 'proposed', 'labels', 'seeds' missing"
    ):
        read_study(path)


def test_configs_of_users_are_paths(tmp_path):
    (tmp_path / 'mine.py').touch()
    assert config_file(str(tmp_path / 'mine.py')) == tmp_path / 'mine.py'
    assert config_file('studies/folder_cpu.py') == CONFIGS / 'studies/folder_cpu.py'


SHIPPED = [
    path
    for folder in (CONFIGS / 'studies', CONFIGS.parent / 'benchmarks/studies')
    for path in sorted(folder.glob('*.py'))
]


@pytest.mark.parametrize('path', SHIPPED, ids=lambda path: path.stem)
def test_shipped_studies_can_be_read(path):
    from glcnet_plugin.study.protocol import check_protocol

    for quick in (False, True):
        study = read_study(path, quick)
        check_protocol(study)
        assert len(study.seeds) >= 3 and study.start_of(study.methods[study.proposed])


def test_the_start_of_a_pretraining_is_the_method_with_its_weights(study):
    name = 'imagenet://efficientnet_lite0'
    start = Method('imagenet', checkpoint=name, network='a')
    tiles = replace(start, name='imagenet-tiles', tile_statistics=True)
    ours = replace(start, name='ours', config='x.py')
    scratch = replace(ours, name='scratch', checkpoint=None)
    random = Method('random', network='a')
    other = replace(random, name='other', network='b')
    methods = {m.name: m for m in (tiles, other, random, start, ours, scratch)}
    study = replace(study, methods=methods)
    starts = {name: study.start_of(method) for name, method in methods.items()}
    assert starts == dict.fromkeys(methods) | {
        'imagenet': 'random',
        'imagenet-tiles': 'imagenet',
        'ours': 'imagenet',
        'scratch': 'random',
    }
    assert [m.uses_tile_statistics for m in (random, start, tiles, ours)] == [
        True, False, True, False,
    ]  # fmt: skip


def test_a_study_that_is_missing_is_named():
    """It ended with the traceback of a FileNotFoundError."""
    with pytest.raises(ConfigError, match='cannot read the config nope.py'):
        read_study('nope.py')
