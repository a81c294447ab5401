import cv2
import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from glcnet_plugin.datasets.folder import FolderSegDataset
from glcnet_plugin.datasets.io.images import image_info, read_image
from glcnet_plugin.datasets.tiling.band_stacking import band_files, partners, stack_folder
from glcnet_plugin.datasets.tiling.folder_writer import write_image
from glcnet_plugin.errors import DataError

NAMES = ['R', 'G', 'B', 'NIR']


@pytest.fixture
def folder(labelled_folder):
    """The labelled folder with a near infrared band and a licence."""
    (labelled_folder / 'nir').mkdir()
    for index, name in enumerate(('a1', 'a2', 'b1')):
        values = np.random.randint(0, 255, (8, 8)).astype(np.uint8)
        cv2.imwrite(str(labelled_folder / f'nir/{name}.png'), values)
        image = np.random.randint(0, 255, (8, 8, 3)).astype(np.uint8)
        write_image(labelled_folder / f'images/{name}', image + index)
    (labelled_folder / 'LICENSE.txt').write_text('CC0')
    return labelled_folder


@pytest.mark.parametrize('workers', [0, 2])
def test_bands_are_stacked_and_named(folder, tmp_path, workers):
    out = tmp_path / 'out'
    assert stack_folder(folder, out, ['images', 'nir'], NAMES, workers) == (3, 3)
    for name in ('a1', 'a2', 'b1'):
        path = out / f'images/{name}.tif'
        parts = [read_image(folder / f'{part}/{name}.png') for part in ('images', 'nir')]
        np.testing.assert_array_equal(read_image(path), np.concatenate(parts, 2))
        assert image_info(path).band_names == tuple(NAMES)
        np.testing.assert_array_equal(read_image(path, ['NIR']), parts[1])
    assert len(FolderSegDataset(str(out), pipeline=[])) == 3
    assert sorted(path.name for path in out.iterdir()) == [
        'LICENSE.txt', 'classes.json', 'images', 'manifest.csv', 'masks'
    ]  # fmt: skip


def test_what_is_there_is_not_made_again_unless_its_parts_are_newer(folder, tmp_path):
    out = tmp_path / 'out'
    stack_folder(folder, out, ['images', 'nir'], NAMES, 0)
    before = {path: path.read_bytes() for path in out.rglob('*.*')}
    (out / 'images/b1.tif').unlink()
    assert stack_folder(folder, out, ['images', 'nir'], NAMES, 0) == (3, 1)
    assert {path: path.read_bytes() for path in out.rglob('*.*')} == before
    cv2.imwrite(str(folder / 'nir/a2.png'), np.full((8, 8), 9, np.uint8))
    assert stack_folder(folder, out, ['images', 'nir'], NAMES, 0) == (3, 1)
    assert (read_image(out / 'images/a2.tif', ['NIR']) == 9).all()
    with pytest.raises(DataError, match=r"a1\.tif is there with the bands \['R', 'G'"):
        stack_folder(folder, out, ['images', 'nir'], ['R', 'G', 'B', 'IR'], 0)


def test_one_file_per_band(tmp_path):
    where = {'crs': 'EPSG:32633', 'transform': from_origin(500, 900, 10, 10), 'nodata': 0}
    for index, band in enumerate(('B04', 'B08')):
        for scene in ('T32', 'T33'):
            values = np.full((6, 5, 1), 1000 + index, np.uint16)
            write_image(tmp_path / f'{scene}_{band}_10m', values, **where)
    patterns = ['*_B08_10m.tif', './*_B04_10m.tif']
    assert list(band_files(tmp_path, patterns[1])) == ['T32', 'T33']
    stack_folder(tmp_path, tmp_path / 'out', patterns, ['NIR', 'R'], 0)
    with rasterio.open(tmp_path / 'out/images/T33.tif') as raster:
        assert raster.read()[:, 0, 0].tolist() == [1001, 1000] and raster.nodata == 0
        assert raster.crs.to_epsg() == 32633 and raster.transform == where['transform']


def test_wrong_files_are_named(folder, tmp_path):
    out = tmp_path / 'out'
    with pytest.raises(DataError, match=r'nir/a1\.png hold 4 bands, but 3 names are given: R G B'):
        stack_folder(folder, out, ['images', 'nir'], NAMES[:3], 0)
    cv2.imwrite(str(folder / 'nir/a1.png'), np.zeros((8, 8), np.uint16))
    with pytest.raises(DataError, match=r'a1.png and .*a1.png differ in type: uint8 and uint16'):
        stack_folder(folder, out, ['images', 'nir'], NAMES, 0)
    cv2.imwrite(str(folder / 'nir/a1.png'), np.zeros((4, 4), np.uint8))
    with pytest.raises(DataError, match=r'differ in size: \(8, 8\) and \(4, 4\); resample'):
        stack_folder(folder, out, ['images', 'nir'], NAMES, 0)
    (folder / 'nir/a1.png').unlink()
    with pytest.raises(DataError, match=r'images/a1.png and 0 more have no partner in .*/nir'):
        partners(folder, ['images', 'nir'])
    with pytest.raises(DataError, match=r'holds no image red/\*'):
        partners(folder, ['images', 'red'])
    with pytest.raises(DataError, match='more than one'):
        band_files(folder, '*/*.png')
    with pytest.raises(DataError, match='is the source'):
        stack_folder(folder, folder, ['images'], NAMES[:3], 0)
    (folder / 'images/a1.jpg').write_bytes((folder / 'images/a1.png').read_bytes())
    with pytest.raises(DataError, match='have one name'):
        band_files(folder, 'images')


def test_a_killed_run_leaves_no_part_of_an_image(folder, tmp_path, monkeypatch):
    def killed(source, target):
        raise KeyboardInterrupt

    monkeypatch.setattr('pathlib.Path.replace', killed)
    with pytest.raises(KeyboardInterrupt):
        stack_folder(folder, tmp_path / 'out', ['images', 'nir'], NAMES, 0)
    assert not list((tmp_path / 'out/images').glob('*.tif'))


def test_places_without_a_crs_need_not_agree(tmp_path):
    """The first is kept: nothing says in which system they lie."""
    for index, name in enumerate(('a', 'b', 'c')):
        (tmp_path / name).mkdir()
        place = {'transform': from_origin(100 * index, 0, 2, 2)} if index else {}
        write_image(tmp_path / name / 'x', np.ones((4, 4, 1), np.uint8), **place)
    stack_folder(tmp_path, tmp_path / 'out', ['a', 'b', 'c'], ['R', 'G', 'B'], 0)
    (path,) = (tmp_path / 'out').rglob('x.tif')
    assert image_info(path).transform == (2, 0, 100, 0, -2, 0)
