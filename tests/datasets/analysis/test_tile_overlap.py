import numpy as np

from glcnet_plugin.datasets.analysis.tile_overlap import overlapping_tiles, tile_places
from glcnet_plugin.datasets.tiling.folder_writer import write_image


def tiles(folder, *names):
    folder.mkdir(exist_ok=True)
    image = np.zeros((16, 16, 3), np.uint8)
    return [({'name': name}, write_image(folder / name, image)) for name in names]


def test_tiles_that_share_pixels(tmp_path):
    rows = tiles(tmp_path / 'a', 's_0_0', 's_0_8', 's_0_16', 't_0_8')
    places = tile_places(rows)
    paths = [str(path) for _, path in rows]
    first, rest = ({p: places[p] for p in part} for part in (paths[:1], paths[1:]))
    assert overlapping_tiles(first, rest) == [(paths[0], paths[1])]  # 16 touches, t is another


def test_scenes_of_two_folders_are_two(tmp_path):
    rows = tiles(tmp_path / 'a', 's_0_0', 's_0_16'), tiles(tmp_path / 'b', 's_0_0', 's_0_16')
    assert overlapping_tiles(*map(tile_places, rows)) == []


def test_numbers_that_are_no_pixels_say_nothing(tmp_path):
    assert tile_places(tiles(tmp_path, 's_0_0', 's_0_1', 's_1_0', 's_1_1')) == {}
    rows = tiles(tmp_path, 's_0_0', 's_0_1')
    for row, _ in rows:  # what the manifest says are pixels
        row |= dict(zip(('source', 'y', 'x'), row['name'].split('_'), strict=True))
    assert len(tile_places(rows)) == 2
    assert tile_places([({'name': 's_0_16'}, tmp_path / 'gone.png')]) == {}
