import numpy as np
import rasterio

from glcnet_plugin.datasets.io.side_files import files_beside, files_of
from glcnet_plugin.datasets.tiling.folder_writer import write_image

MOSAIC = (
    '<VRTDataset rasterXSize="4" rasterYSize="4"><VRTRasterBand dataType="Byte" band="1">'
    '<SimpleSource><SourceFilename relativeToVRT="1">{}</SourceFilename></SimpleSource>'
    '</VRTRasterBand></VRTDataset>'
)


def test_files_beside_an_image(tmp_path):
    path = write_image(tmp_path / 'a', np.zeros((4, 4, 4), np.uint8))
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=False), rasterio.open(path, 'r+') as raster:
        raster.write_mask(np.eye(4, dtype=bool))
    (tmp_path / 'a.tfw').write_text('1\n0\n0\n-1\n5\n5\n')
    (tmp_path / 'a.txt').write_text('no part of it')
    assert files_beside(path, 'x.y.tif') == {
        'x.y.tif.msk': str(tmp_path / 'a.tif.msk'), 'x.y.tfw': str(tmp_path / 'a.tfw')
    }  # fmt: skip
    assert files_of(path) == [str(tmp_path / name) for name in ('a.tif', 'a.tfw', 'a.tif.msk')]


def test_parts_of_mosaics_of_mosaics(tmp_path):
    write_image(tmp_path / 'a', np.zeros((4, 4, 4), np.uint8))
    (tmp_path / 'a.tif.aux.xml').write_text('<PAMDataset></PAMDataset>')
    (tmp_path / 'b.vrt').write_text(MOSAIC.format('a.tif'))
    (tmp_path / 'c.vrt').write_text(MOSAIC.format('b.vrt'))
    names = ['c.vrt', 'b.vrt', 'a.tif', 'a.tif.aux.xml']
    assert files_of(tmp_path / 'c.vrt') == [str(tmp_path / name) for name in names]
    assert files_beside(tmp_path / 'c.vrt', 'x.vrt') == {}


def test_files_that_gdal_does_not_open_stand_alone(tmp_path):
    for name in ('a.npy', 'a.tif'):
        (tmp_path / name).write_text('damaged')
        assert files_of(tmp_path / name) == [str(tmp_path / name)]
        assert files_beside(tmp_path / name, name) == {}
    assert files_of('/vsicurl/https://example.org/a.tif') == ['/vsicurl/https://example.org/a.tif']
