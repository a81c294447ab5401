import geopandas
import pytest

from glcnet_plugin.datasets.io.images import ImageInfo
from glcnet_plugin.datasets.vector.footprints import write_footprints
from glcnet_plugin.errors import DataError, StorageError

UTM = ImageInfo(8, 8, 3, 'uint8', crs='EPSG:32643', bounds=(500_000, 0, 500_100, 100))
DEGREES = ImageInfo(8, 8, 3, 'uint8', crs='EPSG:4326', bounds=(75.0, 0.0, 75.001, 0.001))


@pytest.mark.parametrize('suffix', ['gpkg', 'geojson'])
def test_outlines_have_names_lists_and_one_crs(tmp_path, suffix):
    path = tmp_path / f'tiles.{suffix}'
    lists = {'train_2tiles_seed0': ['a', 'b'], 'val': ['a', 'plain']}
    assert write_footprints(path, lists, {'a': UTM, 'b': DEGREES}) == 3
    frame = geopandas.read_file(path)
    assert frame['list'].tolist() == ['train_2tiles_seed0'] * 2 + ['val']
    assert frame['name'].tolist() == ['a', 'b', 'a'] and frame.crs == 'EPSG:32643'
    assert frame.geometry[0].bounds == pytest.approx(UTM.bounds)
    assert frame.geometry[1].bounds == pytest.approx((500_000, 0, 500_111.28, 110.53), abs=0.5)


def test_images_without_a_place(tmp_path):
    with pytest.raises(DataError, match='no footprint to write to .*x.gpkg: none of the listed'):
        write_footprints(tmp_path / 'x.gpkg', {'val': ['a']}, {})


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    assert write_footprints(tmp_path / 'new folder/ü.gpkg', {'val': ['a']}, {'a': UTM}) == 1
    (tmp_path / 'file').write_text('')
    for path in (tmp_path / 'tiles.unknown', tmp_path / 'file/tiles.gpkg', tmp_path):
        with pytest.raises(StorageError, match=f'cannot write the outlines to {path}: '):
            write_footprints(path, {'val': ['a']}, {'a': UTM})
