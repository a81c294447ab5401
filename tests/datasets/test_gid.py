import numpy as np
import pytest
from PIL import Image

from glcnet_plugin.datasets.gid import GID5Dataset, GID15Dataset
from glcnet_plugin.datasets.tiling.folder_writer import write_image
from glcnet_plugin.errors import DataError

PIPELINE = [dict(type='glcnet_plugin.LoadRSImage'), dict(type='glcnet_plugin.LoadRSMask')]
NAME = 'GF2_PMS1__L1A0000647767-MSS1'


def test_gid5_colours(tmp_path):
    for folder in ('image_NirRGB', 'label_5classes'):
        (tmp_path / folder).mkdir()
    write_image(tmp_path / 'image_NirRGB' / NAME, np.ones((1, 6, 4), np.uint8))
    colours = [(255, 0, 0), (0, 255, 0), (0, 255, 255), (255, 255, 0), (0, 0, 255), (0, 0, 0)]
    mask = Image.fromarray(np.array([colours], np.uint8))
    mask.save(tmp_path / f'label_5classes/{NAME}_label.tif')
    dataset = GID5Dataset(str(tmp_path), 'image_NirRGB', pipeline=PIPELINE)
    assert dataset[0]['gt_seg_map'].tolist() == [[0, 1, 2, 3, 4, 255]]
    assert dataset.metainfo['classes'][2] == 'forest' and dataset[0]['img'].shape == (1, 6, 4)
    with pytest.raises(DataError, match=r'image_RGB holds no .tif'):
        GID5Dataset(str(tmp_path))
    (tmp_path / f'label_5classes/{NAME}_label.tif').unlink()
    with pytest.raises(DataError, match=r'MSS1.tif has no mask'):
        GID5Dataset(str(tmp_path), 'image_NirRGB')


def test_gid15_ids(tmp_path):
    for folder in ('img_dir/train', 'ann_dir/train'):
        (tmp_path / folder).mkdir(parents=True)
    write_image(tmp_path / 'img_dir/train' / NAME, np.ones((2, 8, 4), np.uint8))
    ids = np.arange(16, dtype=np.uint8).reshape(2, 8)
    Image.fromarray(ids).save(tmp_path / f'ann_dir/train/{NAME}_15label.png')
    dataset = GID15Dataset(str(tmp_path), pipeline=PIPELINE)
    assert dataset[0]['gt_seg_map'].ravel().tolist() == [255, *range(15)]
    assert len(dataset.metainfo['classes']) == len(dataset.metainfo['palette']) == 15
