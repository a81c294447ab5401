import json
import sys
from pathlib import Path
from types import SimpleNamespace

import make_split as tool
import numpy as np
import pytest
from make_split import main, parse_args
from PIL import Image
from rasterio.transform import from_origin

from glcnet_plugin.datasets.analysis import split_maker, split_source
from glcnet_plugin.datasets.io.lists import read_list
from glcnet_plugin.datasets.tiling.folder_writer import write_description, write_image, write_mask
from glcnet_plugin.errors import ConfigError, DataError
from glcnet_plugin.inference import feature_model

PALETTE = [(255, 0, 0), (0, 255, 0)]


@pytest.fixture(autouse=True)
def _one_process(monkeypatch):
    """Images of a few pixels are not worth processes."""
    from glcnet_plugin.datasets.analysis import class_weights as class_counts

    def plain(function, items, *_, **__):
        return map(function, items)

    monkeypatch.setattr(class_counts, 'parallel_map', plain)


@pytest.fixture
def tiles(tmp_path):
    """40 tiles of 10 sources in 5 groups, each with its own share of the second class."""
    folder = tmp_path / 'tiles'
    for part in ('images', 'masks'):
        (folder / part).mkdir(parents=True)
    rows, rng = [], np.random.default_rng(0)
    for index in range(40):
        source = index // 4
        name = f'{"ABCDE"[source // 2]}{source}_{index:02d}'
        Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(folder / 'images' / f'{name}.png')
        ids = np.zeros(64, np.uint8)
        ids[: rng.integers(0, 64)] = 1
        write_mask(folder / 'masks' / f'{name}.png', ids.reshape(8, 8), PALETTE)
        rows.append({'name': name, 'group': name[0], 'source': name[:2]})
    write_description(folder, ['red', 'green'], PALETTE, rows)
    return folder


def split(monkeypatch, folder, *args):
    monkeypatch.setattr(sys, 'argv', ['make_split.py', str(folder), *map(str, args)])
    return main()


def written(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_lists_are_nested_and_groups_stay_whole(tiles, monkeypatch, capsys):
    args = ('--labelled', '5%', '16', '--seeds', 0, 1, '--val', 0.4)
    assert split(monkeypatch, tiles, *args) == 0
    out = tiles / 'splits'
    lists = {path.stem: read_list(path) for path in out.glob('*.txt')}
    draws = {f'train_{b}_seed{s}' for b in ('5pct', '16tiles') for s in (0, 1)}
    assert set(lists) == {'train', 'val'} | draws | {f'{draw}_unlabelled' for draw in draws}
    assert len(lists['train']) == 24 and len(lists['val']) == 16  # 2 of 5 groups
    assert not {n[0] for n in lists['train']} & {n[0] for n in lists['val']}
    for seed in (0, 1):
        few, many = lists[f'train_5pct_seed{seed}'], lists[f'train_16tiles_seed{seed}']
        assert len(few) == 1 and many[:1] == few and len(many) == 16
        rest = lists[f'train_16tiles_seed{seed}_unlabelled']
        assert sorted(many + rest) == sorted(lists['train']) and not set(many) & set(rest)
        # 6 sources: after 12 tiles each gave two
        assert {name[:2]: 0 for name in many[:6]}.keys() == {n[:2] for n in lists['train']}
    assert lists['train_16tiles_seed0'] != lists['train_16tiles_seed1']
    text = capsys.readouterr().out
    assert 'proven: 0 names, 0 groups shared by training and validation\n' in text
    assert 'extents of 40 images were not compared: add --extents' in text
    assert 'green' in text and 'train_5pct_seed0' in text and 'unlabelled' not in text


def test_split_json_tells_what_was_done(tiles, monkeypatch):
    assert split(monkeypatch, tiles, '--val-groups', 'D', 'E') == 0
    content = json.loads((tiles / 'splits/split.json').read_text())
    assert content['settings']['val_groups'] == ['D', 'E']
    assert content['settings']['folder'] == 'tiles' and 'val' not in content['settings']
    proof = content['shared_by_training_and_validation']
    assert proof == {'names': 0, 'groups': 0, 'extents': None, 'overlapping tiles': None}
    val = content['parts']['val']
    assert (val['images'], val['groups']) == (16, 2)
    masks = [np.array(Image.open(p)) for p in (tiles / 'masks').glob('*.png') if p.name[0] in 'DE']
    share = sum(int(mask.sum()) for mask in masks) / (16 * 64)
    assert val['class_shares'] == pytest.approx({'red': 1 - share, 'green': share}, abs=1e-6)


@pytest.mark.parametrize('stratify', ['scene', 'class', 'none', 'spread'])
def test_same_arguments_same_bytes(tiles, tmp_path, monkeypatch, stratify):
    args = ('--stratify', stratify, '--labelled', '4', '0.25', '--seeds', 0, 3)
    for out in ('one', 'two'):
        assert split(monkeypatch, tiles, *args, '--out', tmp_path / out) == 0
    one = written(tmp_path / 'one')
    assert one == written(tmp_path / 'two') and len(one) == 11
    assert not any(b'\r' in content for content in one.values())
    if stratify != 'spread':  # the tiles have the same colours
        assert one['train_4tiles_seed0.txt'] != one['train_4tiles_seed3.txt']
    split(monkeypatch, tiles, *args, '--out', tmp_path / 'one')  # again, over the same
    assert written(tmp_path / 'one') == one


def test_another_split_is_not_overwritten_unless_told(tiles, monkeypatch):
    split(monkeypatch, tiles, '--val-groups', 'E', '--labelled', '3', '5')
    before = written(tiles / 'splits')
    other = ('--val-groups', 'A', '--labelled', '5')
    with pytest.raises(DataError, match=r'train\.txt exists and differs.*--force'):
        split(monkeypatch, tiles, *other)
    assert written(tiles / 'splits') == before
    assert split(monkeypatch, tiles, *other, '--force') == 0
    after = written(tiles / 'splits')
    assert after['val.txt'].startswith(b'A0_00\n')
    # draws from the former pool hold tiles of what is validation now
    assert 'train_3tiles_seed0.txt' not in after and 'train_5tiles_seed0.txt' in after


def test_lists_of_others_with_paths_and_windows_line_ends(tiles, tmp_path, monkeypatch):
    names = [path.stem for path in sorted((tiles / 'images').iterdir())]
    train, val = tmp_path / 'train.lst', tmp_path / 'val.lst'
    train.write_bytes('\r\n'.join(f'C:\\data\\{n}.tif' for n in names[:20]).encode())
    val.write_bytes(('\ufeff' + '\r\n'.join(f'data/{n}.tif' for n in names[-8:])).encode())
    assert split(monkeypatch, tiles, '--train-list', train, '--val-list', val) == 0
    assert read_list(tiles / 'splits/train.txt') == names[:20]
    assert read_list(tiles / 'splits/val.txt') == names[-8:]
    val.write_text('nowhere.tif\n')
    with pytest.raises(DataError, match=r"val.lst names 1 images that .*\['nowhere.tif'\]"):
        split(monkeypatch, tiles, '--val-list', val)
    val.write_text(f'{names[0]}.tif\n{names[0]}.png\n')
    with pytest.raises(DataError, match=r'names .* more than once'):
        split(monkeypatch, tiles, '--val-list', val)


def test_lists_of_others_that_share_ground_are_refused(tiles, tmp_path, monkeypatch, capsys):
    names = [path.stem for path in sorted((tiles / 'images').iterdir())]
    train, val = tmp_path / 'train.lst', tmp_path / 'val.lst'
    train.write_text('\n'.join(names[:20]))
    val.write_text('\n'.join(names[19:30]))
    assert split(monkeypatch, tiles, '--train-list', train, '--val-list', val) == 1
    error = capsys.readouterr().err
    assert f"1 names in both training and validation: ['{names[19]}']" in error
    assert "1 groups in both training and validation: ['C']" in error
    assert not (tiles / 'splits').exists()


def test_a_pool_beside_a_validation_list_leaves_its_ground_out(
    tiles, tmp_path, monkeypatch, capsys
):
    names = [path.stem for path in sorted((tiles / 'images').iterdir())]
    val = tmp_path / 'val.lst'
    val.write_text(names[0])
    assert split(monkeypatch, tiles, '--val-list', val) == 0
    assert read_list(tiles / 'splits/train.txt') == names[8:]
    assert '7 images are in neither' in capsys.readouterr().out


def test_validation_is_held_out_from_a_training_list(tiles, tmp_path, monkeypatch):
    names = [path.stem for path in sorted((tiles / 'images').iterdir())]
    train = tmp_path / 'train.lst'
    train.write_text('\n'.join(names[:20]))
    assert split(monkeypatch, tiles, '--train-list', train, '--val-groups', 'A') == 0
    assert read_list(tiles / 'splits/train.txt') == names[8:20]
    assert read_list(tiles / 'splits/val.txt') == names[:8]


def test_what_is_on_disk_is_what_is_proven(tiles, monkeypatch, capsys):
    write_lists = split_maker.write_lists

    def careless(out, lists, force):
        write_lists(out, {**lists, 'val': [*lists['val'], lists['train'][0]]}, force)

    monkeypatch.setattr(split_maker, 'write_lists', careless)
    assert split(monkeypatch, tiles) == 1
    printed = capsys.readouterr()
    assert '1 names in both training and validation' in printed.err
    assert 'proven' not in printed.out


def test_the_whole_pool_labelled_has_no_unlabelled_list(tiles, monkeypatch):
    assert split(monkeypatch, tiles, '--labelled', '100%') == 0
    names = {path.name for path in (tiles / 'splits').glob('train_*')}
    assert names == {'train_100pct_seed0.txt'}


def test_images_without_masks(tiles, monkeypatch, capsys):
    for path in (tiles / 'masks').iterdir():
        path.unlink()
    with pytest.raises(DataError, match='lacks 40 masks'):
        split(monkeypatch, tiles)
    (tiles / 'masks').rmdir()
    assert split(monkeypatch, tiles) == 0
    assert 'green' not in capsys.readouterr().out
    with pytest.raises(ConfigError, match='--stratify class needs masks'):
        split(monkeypatch, tiles, '--stratify', 'class')


def test_the_example_of_the_help_is_read():
    example = tool.__doc__.split('Example:\n')[1].split('make_split.py ')[1]
    args = parse_args(example.split())
    assert args.folder == Path('data/dubai_256') and args.labelled == ['1%', '5%', '16']
    with pytest.raises(SystemExit):
        parse_args(['folder', '--val', '0.2', '--val-groups', 'D'])


def test_extents_that_overlap_are_kept_together(tmp_path, monkeypatch, capsys):
    (tmp_path / 'images').mkdir()
    for index in range(12):  # pairs overlap by half, pairs are apart
        left = 100 * (index // 2) + 5 * (index % 2)
        place = dict(crs='EPSG:32633', transform=from_origin(left, 10, 1, 1))
        image = np.zeros((10, 10, 4), np.uint8)
        write_image(tmp_path / 'images' / f'i{index:02d}', image, **place)
    monkeypatch.setattr(
        split_source, 'parallel_map', lambda function, items, *_: map(function, items)
    )
    names = [f'i{index:02d}' for index in range(12)]
    for seed in range(3):
        args = ('--extents', '--val', 0.5, '--val-seed', seed, '--out', tmp_path / str(seed))
        assert split(monkeypatch, tmp_path, *args) == 0
        val = read_list(tmp_path / str(seed) / 'val.txt')
        assert len(val) == 6 and all(
            (a in val) == (b in val) for a, b in zip(names[::2], names[1::2], strict=True)
        )
    text = capsys.readouterr().out
    assert 'proven: 0 names, 0 groups, 0 extents shared by training and validation\n' in text
    assert 'not compared' not in text
    for part, chosen in (('train', names[:3]), ('val', names[3:])):
        (tmp_path / f'{part}.lst').write_text('\n'.join(chosen))
    lists = ('--train-list', tmp_path / 'train.lst', '--val-list', tmp_path / 'val.lst')
    assert split(monkeypatch, tmp_path, *lists, '--extents') == 1
    assert (
        "1 overlapping extents in both training and validation: ['i02 and i03']"
        in capsys.readouterr().err
    )


def test_what_was_not_compared_is_named(tmp_path, monkeypatch, capsys):
    """A split of images that nobody grouped is proven by names alone."""
    (tmp_path / 'images').mkdir()
    for index in range(6):
        write_image(tmp_path / f'images/i{index}', np.full((8, 8, 3), index, np.uint8))
    assert split(monkeypatch, tmp_path) == 0
    text = capsys.readouterr().out
    assert 'proven: 0 names shared by training and validation\n' in text
    assert 'groups were not compared: each image is its own' in text
    assert 'overlap of tiles was not compared' in text
    proof = json.loads((tmp_path / 'splits/split.json').read_text())[
        'shared_by_training_and_validation'
    ]
    assert proof == {'names': 0, 'groups': None, 'extents': None, 'overlapping tiles': None}


def test_tiles_that_share_half_their_pixels_are_no_split(tmp_path, monkeypatch, capsys):
    (tmp_path / 'images').mkdir()
    names = [f's_0_{x}' for x in range(0, 48, 4)]
    for name in names:
        write_image(tmp_path / 'images' / name, np.zeros((8, 8, 3), np.uint8))
    rows = '\n'.join(f'{name},g{index % 2}' for index, name in enumerate(names))
    (tmp_path / 'manifest.csv').write_text(f'name,group\n{rows}\n')
    assert split(monkeypatch, tmp_path, '--val-groups', 'g1') == 1
    assert 'overlapping tiles in both training and validation' in capsys.readouterr().err


def test_tiles_whose_features_differ_and_their_outlines(tiles, tmp_path, monkeypatch, capsys):
    place = dict(crs='EPSG:32643', transform=from_origin(500_000, 2_000_000, 1, 1))
    names = [path.stem for path in (tiles / 'images').iterdir()]
    for name in names:
        (tiles / f'images/{name}.png').unlink()
        write_image(tiles / 'images' / name, np.zeros((8, 8, 4), np.uint8), **place)
    model = SimpleNamespace(tile_means=lambda files: np.array([[int(f.stem[-2:])] for f in files]))
    given = []
    monkeypatch.setattr(feature_model, 'load_features', lambda *args: given.append(args) or model)
    args = ('--stratify', 'spread', '--spread-by', 'features', '--features', 'x.pth')
    outlines = tmp_path / 'chosen.geojson'
    args = (*args, '--val-groups', 'E', '--labelled', '4', '--footprints', outlines)
    assert split(monkeypatch, tiles, *args) == 0
    assert given == [('x.pth', tool.PROBE_CONFIG)]
    chosen = read_list(tiles / 'splits/train_4tiles_seed0.txt')
    numbers = sorted(int(name[-2:]) for name in chosen)
    assert np.diff(numbers).min() >= 6  # of 32: one of every eight or so
    shapes = json.loads(outlines.read_text())['features']
    assert [shape['properties']['name'] for shape in shapes] == chosen
    content = json.loads((tiles / 'splits/split.json').read_text())
    assert content['settings']['spread_by'] == 'features'
    assert f'4 outlines in {outlines}' in capsys.readouterr().out


def test_features_are_compared_beside_colours(tiles):
    args = [str(tiles), '--stratify', 'spread']
    assert tool.parse_args(args).spread_by == 'colours'
    assert tool.parse_args([*args, '--features', 'x.pth']).spread_by == 'both'


@pytest.mark.parametrize(
    ('args', 'missing'),
    [
        (('--spread-by', 'features'), '--stratify spread'),
        (('--features', 'x.pth'), '--stratify spread'),
        (
            ('--features', 'x.pth', '--stratify', 'spread', '--spread-by', 'colours'),
            '--spread-by features',
        ),
    ],
)
def test_choices_that_would_do_nothing_are_refused(tiles, monkeypatch, capsys, args, missing):
    with pytest.raises(SystemExit):
        split(monkeypatch, tiles, *args)
    assert missing in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize('option', ['--seeds', '--val-seed'])
def test_seeds_below_zero_are_refused(tiles, monkeypatch, capsys, option):
    """They ended in a ValueError of NumPy."""
    with pytest.raises(SystemExit, match='2'):
        split(monkeypatch, tiles, option, '-1')
    assert f'argument {option}: -1 is negative' in capsys.readouterr().err
