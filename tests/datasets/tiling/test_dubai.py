import shutil

import cv2
import numpy as np
import pytest

from glcnet_plugin.datasets.dubai import DubaiDataset
from glcnet_plugin.datasets.io.folder_format import read_classes, read_manifest
from glcnet_plugin.datasets.io.images import read_image
from glcnet_plugin.datasets.io.masks import read_mask
from glcnet_plugin.datasets.tiling.dubai import convert_dubai
from glcnet_plugin.errors import DataError

NAME = 'Semantic segmentation dataset'
COLOURS = [*DubaiDataset.METAINFO['palette'], (0x9B, 0x9B, 0x9B), (0, 0, 0), (1, 2, 3)]
IDS = [0, 1, 2, 3, 4, 255, 255, 255]


@pytest.fixture
def published(tmp_path):
    """Two images in the layout of the publisher; columns of 3 px in each colour."""
    mask = np.repeat(np.array(COLOURS, np.uint8)[None], 3, axis=1).repeat(20, axis=0)
    for tile, part in ((1, 1), (5, 1)):
        for folder in ('images', 'masks'):
            (tmp_path / NAME / f'Tile {tile}' / folder).mkdir(parents=True)
        name = tmp_path / NAME / f'Tile {tile}' / '{}' / f'image_part_{part:03d}'
        image = np.random.randint(0, 255, mask.shape).astype(np.uint8)
        cv2.imwrite(str(name).format('images') + '.jpg', image)
        cv2.imwrite(str(name).format('masks') + '.png', mask[..., ::-1])
    return tmp_path / NAME


def test_colours_become_ids_and_unknown_ones_are_counted(published, tmp_path):
    out = tmp_path / 'out'
    done = convert_dubai(published, out, tile=0, workers=0)
    assert done.tiles == 2 and done.odd.unknown == {'#010203': 2 * 20 * 3}
    assert read_manifest(out) == [
        {'name': 't1_p01', 'group': 'A'}, {'name': 't5_p01', 'group': 'D'}
    ]  # fmt: skip
    assert read_mask(out / 'masks/t1_p01.png')[7, ::3].tolist() == IDS
    assert read_classes(out)['classes'] == list(DubaiDataset.METAINFO['classes'])
    source = published / 'Tile 5/images/image_part_001.jpg'
    assert (out / 'images/t5_p01.jpg').read_bytes() == source.read_bytes()
    assert len(DubaiDataset(str(out), groups=['A'], pipeline=[])) == 1


@pytest.mark.parametrize('tile', [0, 16])
def test_the_archive_gives_the_same_as_the_folder(published, tmp_path, tile):
    archive = shutil.make_archive(str(tmp_path / 'dubai'), 'zip', tmp_path, NAME)
    convert_dubai(published, tmp_path / 'a', tile, workers=0)
    convert_dubai(tmp_path / 'dubai.zip', tmp_path / 'b', tile, workers=0)
    assert archive and len(list((tmp_path / 'a/images').iterdir())) == (8 if tile else 2)
    for folder in ('images', 'masks'):
        for path in (tmp_path / 'a' / folder).iterdir():
            assert path.read_bytes() == (tmp_path / 'b' / folder / path.name).read_bytes()


def test_tiles_are_parts_of_the_image(published, tmp_path):
    convert_dubai(published, tmp_path / 'out', 16, workers=0)
    image = read_image(published / 'Tile 5/images/image_part_001.jpg')
    part = read_image(tmp_path / 'out/images/t5_p01_00004_00008.png')
    np.testing.assert_array_equal(part, image[4:20, 8:24])


def test_wrong_folder_and_missing_mask(published, tmp_path):
    with pytest.raises(DataError, match='holds no "Tile N/images'):
        convert_dubai(published / 'Tile 1', tmp_path / 'out')
    (published / 'Tile 1/masks/image_part_001.png').unlink()
    with pytest.raises(DataError, match=r'image_part_001.jpg has no mask'):
        convert_dubai(published, tmp_path / 'out')
