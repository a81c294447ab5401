import numpy as np
import pytest
from mmcv import imread
from mmengine.dataset import Compose

from glcnet_plugin.datasets.tiling.folder_writer import write_image
from glcnet_plugin.datasets.transforms.loading import LoadRSImage
from glcnet_plugin.errors import DataError

PLACE = dict(type='LoadImageFromFile', _scope_='glcnet_plugin')
READ = dict(type='glcnet_plugin.LoadRSImage')


@pytest.fixture
def file(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (4, 5, 3), np.uint8)
    return str(write_image(tmp_path / 'tile', pixels)), pixels


def test_whatever_an_inferencer_gives_is_read(file, mmseg_scope):
    """Paths, samples and arrays as MM reads them, under the names that MM puts there."""
    path, pixels = file
    given = {'InferencerLoader': path, 'LoadImageFromFile': {'img_path': path}}
    given['LoadImageFromNDArray'] = {'img': imread(path)}  # B, G, R
    for name, image in given.items():
        result = Compose([{**PLACE, 'type': name}, READ])(image)
        np.testing.assert_array_equal(result['img'], pixels)
        assert result['img_shape'] == result['ori_shape'] == (4, 5)
    np.testing.assert_array_equal(Compose([PLACE, READ])(imread(path))['img'], pixels)


def test_arrays_of_other_bands_are_taken_as_they_are():
    image = np.arange(40.0).reshape(2, 4, 5)
    result = LoadRSImage()({'img': image})
    np.testing.assert_array_equal(result['img'], image)
    assert result['img'].dtype == np.float32 and result['colour_bands'] is None
    assert LoadRSImage()({'img': image[..., 0], 'img_path': None})['img'].shape == (2, 4, 1)
    with pytest.raises(DataError, match='the array has 5 bands, expected 4: choose some'):
        LoadRSImage(num_bands=4)({'img': image})
    image[1, 2, 3] = np.nan
    filled = LoadRSImage(nodata_fill=-1.0)({'img': image})['img']
    assert filled[1, 2, 3] == -1 and np.isfinite(filled).all()
    with pytest.raises(DataError, match='the array holds only nodata'):
        LoadRSImage()({'img': image * np.nan, 'img_path': None})
