import numpy as np
import pytest

from glcnet_plugin.datasets.flair import FLAIR13Dataset, FLAIRDataset
from glcnet_plugin.datasets.tiling.folder_writer import write_image
from glcnet_plugin.errors import DataError

PIPELINE = [dict(type='glcnet_plugin.LoadRSImage'), dict(type='glcnet_plugin.LoadRSMask')]


@pytest.fixture
def published(tmp_path):
    for domain, number in (('D012_2019', '000001'), ('D022_2021', '000002')):
        image = tmp_path / f'flair_aerial_train/{domain}/Z10_UU/img'
        mask = tmp_path / f'flair_labels_train/{domain}/Z10_UU/msk'
        image.mkdir(parents=True)
        mask.mkdir(parents=True)
        write_image(image / f'IMG_{number}', np.ones((1, 19, 5), np.uint8))
        write_image(mask / f'MSK_{number}', np.arange(1, 20, dtype=np.uint8).reshape(1, 19, 1))
    return tmp_path


def test_nineteen_classes_from_one(published):
    dataset = FLAIRDataset(str(published), pipeline=PIPELINE)
    assert len(dataset) == 2 and dataset[0]['img'].shape == (1, 19, 5)
    assert dataset[0]['gt_seg_map'].ravel().tolist() == list(range(19))
    assert len(dataset.metainfo['palette']) == 19


def test_thirteen_classes_of_the_baseline(published):
    dataset = FLAIR13Dataset(str(published), pipeline=PIPELINE)
    assert dataset[0]['gt_seg_map'].ravel().tolist() == [*range(12), *[12] * 7]
    assert dataset.metainfo['classes'][12] == 'other' and len(dataset.metainfo['palette']) == 13


def test_domains_and_problems(published):
    assert len(FLAIRDataset(str(published), domains=['D022_2021'])) == 1
    with pytest.raises(DataError, match=r'holds no D099_2020/'):
        FLAIRDataset(str(published), domains=['D099_2020'])
    next((published / 'flair_labels_train').rglob('MSK_000001.tif')).unlink()
    with pytest.raises(DataError, match=r'IMG_000001.tif has no mask .*MSK_000001.tif'):
        FLAIRDataset(str(published))
