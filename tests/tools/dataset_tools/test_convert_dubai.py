import cv2
import numpy as np
import pytest
from convert_dubai import CLASSES, convert
from folder_layout import read_mask

from glcnet_plugin.datasets.segmentation import read_classes, read_manifest
from glcnet_plugin.errors import DataError


@pytest.fixture
def published(tmp_path):
    """Two images in the layout of the publisher."""
    colours = list(CLASSES.values())
    mask = np.zeros((4, 7, 3), np.uint8)
    for column, colour in enumerate([*colours, (0x9B, 0x9B, 0x9B), (1, 2, 3)]):
        mask[:, column] = colour
    for tile, part in ((1, 1), (5, 9)):
        for folder in ('images', 'masks'):
            (tmp_path / f'Tile {tile}' / folder).mkdir(parents=True)
        name = f'image_part_{part:03d}'
        image = np.full((4, 7, 3), 50 * tile, np.uint8)
        cv2.imwrite(str(tmp_path / f'Tile {tile}/images/{name}.jpg'), image)
        cv2.imwrite(str(tmp_path / f'Tile {tile}/masks/{name}.png'), mask[..., ::-1])
    return tmp_path


def test_colours_become_ids_and_unknown_ones_are_counted(published, tmp_path):
    out = tmp_path / 'out'
    count, unknown = convert(published, out)
    assert count == 2 and unknown == {'#010203': 8}
    assert read_manifest(out) == [
        {'name': 't1_p01', 'group': 'A'}, {'name': 't5_p09', 'group': 'D'}
    ]  # fmt: skip
    assert read_mask(out / 'masks/t1_p01.png')[2].tolist() == [0, 1, 2, 3, 4, 255, 255]
    assert read_classes(out)['classes'] == list(CLASSES)
    source = published / 'Tile 5/images/image_part_009.jpg'
    assert (out / 'images/t5_p09.jpg').read_bytes() == source.read_bytes()


def test_twice_gives_the_same_bytes(published, tmp_path):
    for folder in ('a', 'b'):
        convert(published, tmp_path / folder)
    for path in (tmp_path / 'a').rglob('*.*'):
        assert path.read_bytes() == (tmp_path / 'b' / path.relative_to(tmp_path / 'a')).read_bytes()


def test_wrong_folder_and_missing_mask(published, tmp_path):
    with pytest.raises(DataError, match='holds no "Tile N/images'):
        convert(published / 'Tile 1', tmp_path / 'out')
    (published / 'Tile 1/masks/image_part_001.png').unlink()
    with pytest.raises(DataError, match=r'image_part_001.jpg has no mask'):
        convert(published, tmp_path / 'out')
