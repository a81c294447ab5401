import numpy as np
import pytest
from PIL import Image

from glcnet_plugin.datasets.loveda import LoveDADataset
from glcnet_plugin.datasets.tiling.folder_writer import write_image
from glcnet_plugin.errors import DataError

PIPELINE = [dict(type='glcnet_plugin.LoadRSImage'), dict(type='glcnet_plugin.LoadRSMask')]


@pytest.fixture
def published(tmp_path):
    for area, name in (('Urban', '1366'), ('Rural', '0')):
        for folder in ('images_png', 'masks_png'):
            (tmp_path / 'Train' / area / folder).mkdir(parents=True)
        write_image(tmp_path / f'Train/{area}/images_png/{name}', np.ones((2, 4, 3), np.uint8))
        mask = np.arange(8, dtype=np.uint8).reshape(2, 4)
        Image.fromarray(mask).save(tmp_path / f'Train/{area}/masks_png/{name}.png')
    return tmp_path


def test_no_data_is_ignored_and_classes_count_from_zero(published):
    dataset = LoveDADataset(str(published), pipeline=PIPELINE)
    assert len(dataset) == 2 and dataset.metainfo['classes'][0] == 'background'
    assert dataset[0]['gt_seg_map'].ravel().tolist() == [255, 0, 1, 2, 3, 4, 5, 6]


def test_areas_select(published):
    dataset = LoveDADataset(str(published), areas=['Rural'])
    assert [dataset[i]['img_path'].endswith('Rural/images_png/0.png') for i in (0,)] == [True]


def test_problems(published):
    with pytest.raises(DataError, match=r'Val/Urban/images_png holds no PNG: unpack Val.zip'):
        LoveDADataset(str(published), split='Val')
    (published / 'Train/Urban/masks_png/1366.png').unlink()
    with pytest.raises(DataError, match=r'1366.png has no mask'):
        LoveDADataset(str(published))
