import shutil

import cv2
import numpy as np
import pytest

from glcnet_plugin.datasets.deepglobe import DeepGlobeDataset
from glcnet_plugin.datasets.io.folder_format import read_manifest
from glcnet_plugin.datasets.io.masks import read_mask
from glcnet_plugin.datasets.tiling.deepglobe import convert_deepglobe
from glcnet_plugin.errors import DataError

# urban cyan, agriculture yellow, range magenta, forest green, water blue, barren white, unknown
# black; then a blemish of the kind that the publisher warns of, and red, which is no class
COLOURS = [
    (0, 255, 255), (255, 255, 0), (255, 0, 255), (0, 255, 0), (0, 0, 255), (255, 255, 255),
    (0, 0, 0), (128, 254, 127), (255, 0, 0),
]  # fmt: skip
IDS = [0, 1, 2, 3, 4, 5, 255, 1, 255]


@pytest.fixture
def published(tmp_path):
    """Two labelled images, and one without a mask."""
    mask = np.repeat(np.array(COLOURS, np.uint8)[None], 2, axis=1).repeat(16, axis=0)
    for folder, name in (('train', '119'), ('train', '2334'), ('valid', '77')):
        (tmp_path / 'land' / folder).mkdir(parents=True, exist_ok=True)
        path = f'{tmp_path}/land/{folder}/{name}'
        image = np.random.randint(0, 255, mask.shape).astype(np.uint8)
        cv2.imwrite(f'{path}_sat.jpg', image)
        if folder == 'train':
            cv2.imwrite(f'{path}_mask.png', mask[..., ::-1])
    return tmp_path / 'land'


@pytest.mark.parametrize('packed', [False, True])
def test_every_colour(published, tmp_path, packed, capsys):
    if packed:
        shutil.make_archive(str(published), 'zip', published)
        published = published.with_suffix('.zip')
    done = convert_deepglobe(published, tmp_path / 'out', 16, workers=0)
    assert capsys.readouterr().out == '1 images without a mask are left out\n'
    rows = read_manifest(tmp_path / 'out')
    assert [row['name'] for row in rows] == [
        '119_00000_00000', '119_00000_00002', '2334_00000_00000', '2334_00000_00002'
    ]  # fmt: skip
    assert [row['group'] for row in rows] == ['119', '119', '2334', '2334']
    left, right = (
        read_mask(tmp_path / f'out/masks/119_00000_0000{x}.png')[5, ::2].tolist() for x in (0, 2)
    )
    assert left + right[-1:] == IDS and right == IDS[1:]
    assert done.odd.snapped == {'#80FE7F taken for #FFFF00': 64}
    assert done.odd.unknown == {'#FF0000': 64}
    assert len(DeepGlobeDataset(str(tmp_path / 'out'), pipeline=[])) == 4


def test_nothing_to_convert(tmp_path):
    with pytest.raises(DataError, match='0 files <id>_sat.jpg and 0 <id>_mask.png'):
        convert_deepglobe(tmp_path, tmp_path / 'out')
