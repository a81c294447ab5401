import json
from collections import Counter

import compare_methods
import pytest
from compare_methods import (
    METHODS,
    against,
    kappas,
    last_stage,
    probe_method,
    run_method,
    table,
)
from mmengine.config import Config
from networks import FINETUNE
from splits import make_splits

from glcnet_plugin.datasets.descriptions import read_manifest


def cell(kind, labels, seed, value):
    return {'kind': kind, 'labels': labels, 'seed': seed, 'Kappa': value}


@pytest.fixture
def small(scenes, monkeypatch):
    monkeypatch.setattr(compare_methods, 'TILE_PIXELS', 20)
    monkeypatch.setattr(compare_methods, 'SEEDS', (0, 1))
    monkeypatch.setattr(
        compare_methods, 'read_list', lambda tiles: sorted(p.stem for p in tiles.glob('images/*'))
    )
    groups = Counter(row['group'] for row in read_manifest(scenes))
    return scenes, make_splits(scenes, groups, (2,), (0, 1), None)


def test_every_method_has_the_network_and_the_data_of_glcnet():
    ours = Config.fromfile(METHODS['glcnet'][0])
    for name, (before, after) in METHODS.items():
        assert after.is_file() and (before is None or before.is_file())
        if before is None or name == 'mae':
            continue
        cfg = Config.fromfile(before)
        assert after == FINETUNE
        assert cfg.train_dataloader == ours.train_dataloader
        assert cfg.model.backbone.base_channels == ours.model.backbone.base_channels


@pytest.mark.parametrize('name', ['random', 'random-vit'])
def test_last_stage_of_either_network(small, name):
    tiles, _ = small
    extract, width = last_stage(tiles, None, 6, 0, METHODS[name][1])
    images = compare_methods.load_images(tiles, compare_methods.read_list(tiles)[:1])
    features = extract(images, compare_methods.torch.tensor([[[3, 4]]]))
    assert 0 < width <= features.shape[-1]
    backbone = Config.fromfile(METHODS[name][1]).model.backbone
    expected = 8 * backbone.base_channels if name == 'random' else backbone.arch['embed_dims']
    assert width == expected


def test_random_weights_of_a_seed_are_probed_with_its_labels(small):
    tiles, splits = small
    cells = probe_method(tiles, splits, None, FINETUNE, lambda done, total: None)
    assert [(c['kind'], c['labels'], c['seed']) for c in cells] == [
        ('probe', 2, 0),
        ('probe', 2, 1),
    ]
    assert all(-1 <= c['Kappa'] <= 1 for c in cells)


def test_what_is_done_is_read(tmp_path):
    (tmp_path / 'cells.json').write_text(json.dumps([cell('probe', 16, 0, 0.5)]))
    assert run_method('glcnet', None, None, None, tmp_path, None)[0]['Kappa'] == 0.5


def test_kappas_in_the_order_of_the_seeds():
    cells = [cell('probe', 16, 1, 0.2), cell('probe', 16, 0, 0.1), cell('probe', 160, 0, 0.9)]
    assert kappas(cells, 'probe', 16) == [0.1, 0.2]


@pytest.mark.parametrize(
    ('own', 'expected'), [([0.3, 0.5], '+'), ([0.1, 0.3], '-'), ([0.3, 0.1], 'tie')]
)
def test_ahead_for_every_seed_or_a_tie(own, expected):
    assert against(own, [0.2, 0.4]) == expected


def test_table():
    def cells(value):
        return [
            cell(kind, labels, seed, value + 0.1 * seed)
            for kind in ('probe', 'fine-tune')
            for labels in (16, 160)
            for seed in (0, 1)
        ]

    lines = table({'random': cells(0.2), 'glcnet': cells(0.4)})
    assert lines[0].startswith('| initialisation | probe, 16 tiles | probe, 160 tiles |')
    assert lines[2] == '| random |' + ' 0.250 ± 0.071 |' * 4
    assert lines[3] == '| glcnet |' + ' 0.450 ± 0.071 (+) |' * 4
    assert 'imagenet | not available' in lines[-1]
