import os

import cv2
import numpy as np
import pytest
import rasterio
from rasterio.enums import MaskFlags
from rasterio.transform import from_origin

from glcnet_plugin.datasets.folder import FolderSegDataset
from glcnet_plugin.datasets.io.images import image_info, read_image, read_masked
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


def test_what_is_read_is_not_written(folder, tmp_path):
    """Images to which the output had a link were replaced, and copies went through links."""
    out = tmp_path / 'out'
    stack_folder(folder, out, ['images', 'nir'], NAMES, 0)
    (tmp_path / 'mine.csv').write_text('kept')
    (out / 'manifest.csv').unlink()
    (out / 'manifest.csv').symlink_to(tmp_path / 'mine.csv')
    stack_folder(folder, out, ['images', 'nir'], NAMES, 0)
    assert (tmp_path / 'mine.csv').read_text() == 'kept'
    assert (out / 'manifest.csv').read_text() == (folder / 'manifest.csv').read_text()
    with pytest.raises(DataError, match=r'out/images/a1\.tif is read, and .* over it'):
        stack_folder(folder, out, ['out/images'], NAMES, 0)


def test_masks_are_kept(tmp_path):
    """They were lost: masked pixels became data."""
    gaps = {name: np.zeros((6, 5), bool) for name in ('red', 'nir')}
    gaps['red'][0], gaps['nir'][:, 0] = True, True
    for name, missing in gaps.items():
        (tmp_path / name).mkdir()
        write_image(tmp_path / name / 'a', np.ones((6, 5, 1), np.uint16), missing=missing)
    out = tmp_path / 'out'
    stack_folder(tmp_path, out, ['red', 'nir'], ['R', 'NIR'], 0)
    missing = read_masked(out / 'images/a.tif')[1]
    for band in range(2):
        np.testing.assert_array_equal(missing[..., band], gaps['red'] | gaps['nir'])
    assert stack_folder(tmp_path, out, ['red', 'nir'], ['R', 'NIR'], 0) == (1, 0)
    beside = tmp_path / 'red/a.tif.aux.xml'
    beside.write_text('<PAMDataset></PAMDataset>')
    os.utime(beside, (2**32, 2**32))
    assert stack_folder(tmp_path, out, ['red', 'nir'], ['R', 'NIR'], 0) == (1, 1)


@pytest.mark.parametrize('nodata', [np.nan, None])
def test_bands_with_nan(tmp_path, nodata):
    """A nodata value of NaN was refused: "differ in nodata: nan and nan"."""
    values = np.ones((6, 5, 1), np.float32)
    for index, name in enumerate(('red', 'nir')):
        (tmp_path / name).mkdir()
        values[index] = np.nan
        write_image(tmp_path / name / 'a', values, nodata=nodata)
    stack_folder(tmp_path, tmp_path / 'out', ['red', 'nir'], ['R', 'NIR'], 0)
    path = tmp_path / 'out/images/a.tif'
    assert read_masked(path)[1].sum((0, 1)).tolist() == [5, 10]
    with rasterio.open(path) as raster:
        assert (raster.nodata is None) == (nodata is None)
        assert MaskFlags.per_dataset not in raster.mask_flag_enums[0]


def test_places_without_a_crs_need_not_agree(tmp_path):
    """The first is kept: nothing says in which system they lie."""
    for index, name in enumerate(('a', 'b', 'c')):
        (tmp_path / name).mkdir()
        place = {'transform': from_origin(100 * index, 0, 2, 2)} if index else {}
        write_image(tmp_path / name / 'x', np.ones((4, 4, 1), np.uint8), **place)
    stack_folder(tmp_path, tmp_path / 'out', ['a', 'b', 'c'], ['R', 'G', 'B'], 0)
    (path,) = (tmp_path / 'out').rglob('x.tif')
    assert image_info(path).transform == (2, 0, 100, 0, -2, 0)
