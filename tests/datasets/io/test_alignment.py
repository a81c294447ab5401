import numpy as np
import pytest
from rasterio import Affine

from glcnet_plugin.datasets.io.alignment import misplacement, require_aligned
from glcnet_plugin.datasets.io.headers import image_info
from glcnet_plugin.datasets.tiling.folder_writer import write_image
from glcnet_plugin.errors import DataError

GRID = Affine(10, 0, 500000, 0, -10, 4000000)


def located(path, transform=GRID, crs='EPSG:32643', size=8):
    return write_image(path, np.ones((size, size, 4), np.uint8), crs=crs, transform=transform)


@pytest.mark.parametrize(
    ('mask', 'text'),
    [
        ({}, ''),
        ({'transform': GRID @ Affine.translation(0.2, 0)}, ''),  # rounded
        ({'transform': GRID @ Affine.translation(10, -3)}, 'up to 10 px .x. and -3 px .y.'),
        ({'transform': Affine(10, 0, 500000, 0, 10, 3999920)}, 'is stored south-up, its image'),
        ({'crs': 'EPSG:32644'}, 'its CRS is EPSG:32644, that of its image EPSG:32643'),
        ({'crs': None, 'transform': Affine.identity()}, ''),  # says nothing
        ({'size': 9}, ''),  # another fault
    ],
)
def test_places_of_image_and_mask_are_compared(tmp_path, mask, text):
    image, label = located(tmp_path / 'i'), located(tmp_path / 'm', **mask)
    difference = misplacement(image_info(image), image_info(label))
    if not text:
        assert difference == ''
        return require_aligned(str(image), str(label))
    with pytest.raises(DataError, match=f'm.tif does not lie on .*i.tif: .*{text}.*rio warp'):
        require_aligned(str(image), str(label))
    return None


def test_pictures_without_a_place_are_not_opened():
    require_aligned('gone.png', 'gone.tif')
