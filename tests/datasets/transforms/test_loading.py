import pickle

import cv2
import numpy as np
import pytest
from PIL import Image
from rasterio.transform import from_origin

from glcnet_plugin.datasets.io.tile_cache_writer import write_cache
from glcnet_plugin.datasets.tiling.folder_writer import write_image, write_mask
from glcnet_plugin.datasets.transforms import photometric_base
from glcnet_plugin.datasets.transforms.loading import LoadRSImage, LoadRSMask
from glcnet_plugin.errors import ConfigError, DataError


@pytest.mark.parametrize('suffix', ['.png', '.jpg', '.JPEG'])
def test_colours_come_in_the_order_red_green_blue(tmp_path, suffix):
    image = np.zeros((16, 16, 3), np.uint8)
    image[..., 0] = 200  # red
    path = str(tmp_path / f'x{suffix}')
    cv2.imwrite(path, image[..., ::-1])
    result = LoadRSImage().transform({'img_path': path})
    assert result['img'][8, 8] == pytest.approx([200, 0, 0], abs=3)
    assert result['img_shape'] == result['ori_shape'] == (16, 16)


@pytest.mark.parametrize(
    ('stored', 'loaded'),
    [('uint8', 'uint8'), ('uint16', 'float32'), ('int16', 'float32'), ('float32', 'float32')],
)
def test_types(tmp_path, stored, loaded):
    image = (np.arange(4 * 4 * 13).reshape(4, 4, 13) % 200).astype(stored)
    result = LoadRSImage()({'img_path': str(write_image(tmp_path / 'x', image))})
    assert result['img'].dtype == loaded
    np.testing.assert_array_equal(result['img'], image)


def test_to_float32_and_expected_bands(tmp_path):
    path = str(write_image(tmp_path / 'x', np.ones((4, 4, 4), np.uint8)))
    assert LoadRSImage(to_float32=True)({'img_path': path})['img'].dtype == np.float32
    with pytest.raises(DataError, match=r'x.tif has 4 bands, expected 3: choose some with bands'):
        LoadRSImage(num_bands=3)({'img_path': path})


def test_a_cache_gives_what_the_files_give(tmp_path, monkeypatch):
    warned = []
    monkeypatch.setattr(photometric_base, 'print_log', lambda text, **_: warned.append(text))
    image = np.random.randint(0, 9, (12, 14, 4)).astype(np.uint16)
    paths = [str(write_image(tmp_path / f'x{i}', image + i, nodata=3)) for i in range(2)]
    settings = dict(bands=['B', 'G', 'R'], band_names=['R', 'G', 'B', 'NIR'], nodata_fill=-1.0)
    write_cache(tmp_path / 'x.cache', paths, bands=[2, 1, 0], workers=0)
    cached = LoadRSImage(**settings, cache=str(tmp_path / 'x.cache'))
    cached = pickle.loads(pickle.dumps(cached))  # as workers that are spawned get it
    for path in paths:
        for sample in ({'img_path': path}, {'img_path': path, 'window': (2, 3, 5, 6)}):
            got, expected = cached(dict(sample)), LoadRSImage(**settings)(dict(sample))
            np.testing.assert_array_equal(got.pop('img'), expected.pop('img'))
            assert got == expected and got['colour_bands'] == [2, 1, 0]
    assert warned == []
    write_image(tmp_path / 'x1', image + 5)
    for _ in range(2):
        changed = cached({'img_path': paths[1]})
    np.testing.assert_array_equal(changed['img'], image[..., [2, 1, 0]] + 5)
    assert len(warned) == 1 and f'{paths[1]} is not in {tmp_path}/x.cache, or has cha' in warned[0]
    # indices, also where the config gives names
    assert 'cache_tiles.py again, with --bands 2 1 0 --alpha data' in warned[0]


def test_a_cache_that_is_missing_stops(tmp_path):
    with pytest.raises(DataError, match=r'cannot read the cache .*x.cache'):
        LoadRSImage(cache=str(tmp_path / 'x.cache'))


def test_all_images_have_as_many_bands_as_the_first(tmp_path):
    loader = LoadRSImage()
    for bands in (4, 4, 5):
        path = str(write_image(tmp_path / f'x{bands}', np.ones((4, 4, bands), np.uint8)))
        if bands == 5:
            with pytest.raises(DataError, match=r'x5.tif has 5 bands, expected 4.*check_data'):
                loader({'img_path': path})
        else:
            loader({'img_path': path})


def test_bands_by_name_of_the_file_or_of_the_config(tmp_path):
    image = np.random.randint(0, 255, (5, 5, 4)).astype(np.uint8)
    named = str(write_image(tmp_path / 'a', image, band_names=('R', 'G', 'B', 'NIR')))
    plain = str(write_image(tmp_path / 'b', image))
    for loader, path in (
        (LoadRSImage(bands=['NIR', 'R', 'G'], num_bands=3), named),
        (LoadRSImage(bands=['NIR', 'R', 'G'], band_names=['R', 'G', 'B', 'NIR']), plain),
        (LoadRSImage(bands=[3, 0, 1]), plain),
    ):
        np.testing.assert_array_equal(loader({'img_path': path})['img'], image[..., [3, 0, 1]])
    with pytest.raises(DataError, match=r'b.tif has no bands named'):
        LoadRSImage(bands=['NIR'])({'img_path': plain})
    with pytest.raises(DataError, match=r"band_names has no bands named \['SWIR'\]"):
        LoadRSImage(bands=['SWIR'], band_names=['R', 'G'])


def test_windows(tmp_path):
    image = np.random.randint(0, 255, (9, 9, 4)).astype(np.uint8)
    path = str(write_image(tmp_path / 'x', image))
    result = LoadRSImage()({'img_path': path, 'window': (2, 3, 4, 5)})
    np.testing.assert_array_equal(result['img'], image[2:6, 3:8])
    assert result['img_shape'] == (4, 5)


def test_nodata_and_nan_are_filled(tmp_path):
    image = np.ones((3, 3, 2), np.float32)
    image[0, 0] = -9999
    image[1, 1, 1] = np.nan
    path = str(write_image(tmp_path / 'x', image, nodata=-9999))
    zeros = LoadRSImage()({'img_path': path})['img']
    assert zeros[0, 0].tolist() == [0, 0] and zeros[1, 1].tolist() == [1, 0]
    means = LoadRSImage(nodata_fill=[5, 7])({'img_path': path})['img']
    assert means[0, 0].tolist() == [5, 7] and means[1, 1].tolist() == [1, 7]


def test_an_image_of_nothing_but_nodata_is_named(tmp_path):
    path = str(write_image(tmp_path / 'x', np.zeros((3, 3, 4), np.uint8), nodata=0))
    with pytest.raises(DataError, match=r'x.tif holds only nodata'):
        LoadRSImage()({'img_path': path})


def test_backend_args_reach_the_file_backend(tmp_path):
    path = str(write_image(tmp_path / 'x', np.ones((4, 4, 3), np.uint8)))
    assert LoadRSImage(backend_args=dict(backend='local'))({'img_path': path})['img'].max() == 1


def load_mask(tmp_path, ids, suffix='.png', **more):
    path = tmp_path / f'm{suffix}'
    if suffix == '.png':
        write_mask(path, np.asarray(ids, np.uint8), [(0, 0, 0)])
    else:
        write_image(tmp_path / 'm', np.asarray(ids)[:, :, None])
    sample = dict(
        seg_map_path=str(path), label_map=None, reduce_zero_label=False, seg_fields=[], **more
    )
    result = LoadRSMask()(sample)
    assert result['seg_fields'] == ['gt_seg_map'] and result['gt_seg_map'].dtype == np.uint8
    return result['gt_seg_map'].tolist()


def test_masks_of_ids(tmp_path):
    assert load_mask(tmp_path, [[0, 5, 255]], num_classes=6) == [[0, 5, 255]]
    assert load_mask(tmp_path, [[0, 99]]) == [[0, 99]]  # datasets of the hosts: as they do


def test_ignored_values_become_255(tmp_path):
    ids = np.array([[0, 9, 255]], np.uint8)
    assert load_mask(tmp_path, ids, num_classes=6, ignore_values=[9, 255]) == [[0, 255, 255]]
    wide = np.array([[0, -1, 5, 65535]], np.int32)
    values = dict(num_classes=6, ignore_values=[-1, 65535])
    assert load_mask(tmp_path, wide, '.tif', **values) == [[0, 255, 5, 255]]


def test_zero_label_and_label_map_as_in_mmseg(tmp_path):
    """Compared with the host's own transform on the same files."""
    from mmseg.datasets.transforms import LoadAnnotations

    ids = np.array([[0, 1, 2], [3, 255, 0]], np.uint8)
    write_mask(tmp_path / 'm.png', ids, [(0, 0, 0)])
    for reduce_zero_label in (False, True):
        for label_map in (None, {0: 1, 1: 0, 2: 255, 3: 2}):
            sample = dict(
                seg_map_path=str(tmp_path / 'm.png'),
                label_map=label_map,
                reduce_zero_label=reduce_zero_label,
                num_classes=4,
            )
            ours = LoadRSMask()({**sample, 'seg_fields': []})['gt_seg_map']
            theirs = LoadAnnotations()({**sample, 'seg_fields': []})['gt_seg_map']
            np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(('reduce_zero_label', 'bad'), [(False, 6), (True, 7)])
def test_a_label_that_is_no_class_is_named(tmp_path, reduce_zero_label, bad):
    write_mask(tmp_path / 'm.png', np.array([[0, 5, bad]], np.uint8), [(0, 0, 0)])
    sample = dict(
        seg_map_path=str(tmp_path / 'm.png'), label_map=None, seg_fields=[], num_classes=6,
        reduce_zero_label=reduce_zero_label,
    )  # fmt: skip
    with pytest.raises(
        DataError,
        match=rf'm.png has the labels \[{bad}\]: classes are {int(reduce_zero_label)}\.\.',
    ):
        LoadRSMask()(sample)


def test_a_mask_larger_than_its_image(tmp_path):
    with pytest.raises(DataError, match=r'm.png is 1x3 px, its image i.tif 1x2: sizes must agree'):
        load_mask(tmp_path, [[0, 1, 2]], img_shape=(1, 2), img_path='i.tif')


@pytest.mark.parametrize('keep_ratio', [False, True])
def test_a_mask_loaded_after_a_resize_has_the_size_of_the_file(tmp_path, keep_ratio):
    """As in the test pipelines of mmseg."""
    from mmcv.transforms import Resize

    image = write_image(tmp_path / 'i', np.ones((6, 9, 3), np.uint8))
    write_mask(tmp_path / 'm.png', np.zeros((6, 9), np.uint8), [(0, 0, 0)])
    sample = dict(
        img_path=str(image), seg_map_path=str(tmp_path / 'm.png'), label_map=None, seg_fields=[],
        reduce_zero_label=False,
    )  # fmt: skip
    sample = Resize((4, 4), keep_ratio=keep_ratio)(LoadRSImage()(sample))
    assert sample['img_shape'] == ((3, 4) if keep_ratio else (4, 4))
    assert LoadRSMask()(sample)['gt_seg_map'].shape == (6, 9)
    cropped = dict(sample, img_shape=(2, 2))
    with pytest.raises(DataError, match=r'm.png is 6x9 px, its image .*i.png 2x2'):
        LoadRSMask()(cropped)


def test_colours(tmp_path):
    mask = np.array([[[255, 255, 0], [0, 255, 255]]], np.uint8)
    cv2.imwrite(str(tmp_path / 'm.png'), mask[..., ::-1])
    sample = dict(
        seg_map_path=str(tmp_path / 'm.png'), label_map=None, reduce_zero_label=False,
        num_classes=6,
    )  # fmt: skip
    known = {(255, 255, 0): 4, (0, 255, 255): 2}
    result = LoadRSMask()({**sample, 'seg_fields': [], 'colour_ids': known})
    assert result['gt_seg_map'].tolist() == [[4, 2]]
    with pytest.raises(DataError, match=r'm.png has unknown colours: #00FFFF \(1 px\)'):
        LoadRSMask()({**sample, 'seg_fields': [], 'colour_ids': {(255, 255, 0): 4}})
    with pytest.raises(DataError, match=r'm.png is a colour mask'):
        LoadRSMask()({**sample, 'seg_fields': [], 'colour_ids': {}})


def test_complex_values_are_refused(tmp_path):
    """Formerly, the real part was trained on."""
    np.save(tmp_path / 'slc.npy', np.ones((4, 4, 2), np.complex64) * 1j)
    with pytest.raises(DataError, match=r'slc.npy has complex values \(complex64\).*amplitude'):
        LoadRSImage()({'img_path': str(tmp_path / 'slc.npy')})


def test_integers_that_float32_rounds_are_named_once(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(photometric_base, 'print_log', lambda text, **_: said.append(text))
    loader = LoadRSImage()
    for value in (2**24, 2**24 + 1, 2**24 + 3):
        np.save(tmp_path / 'x.npy', np.full((2, 2, 1), value, np.int32))
        image = loader({'img_path': str(tmp_path / 'x.npy')})['img']
        assert image.dtype == np.float32 and image.max() == pytest.approx(value)
    (text,) = said
    assert 'x.npy has int32 values up to 16777217' in text and 'rounded' in text


def test_bands_of_colour_are_told(tmp_path):
    image = np.ones((4, 4, 4), np.float32)
    path = str(write_image(tmp_path / 'x', image, band_names=('NIR', 'R', 'G', 'B')))
    assert LoadRSImage()({'img_path': path})['colour_bands'] == [1, 2, 3]
    assert LoadRSImage(bands=['B', 'G', 'R'])({'img_path': path})['colour_bands'] == [2, 1, 0]
    names = ['VV', 'VH', 'HH', 'HV']
    assert LoadRSImage(band_names=names)({'img_path': path})['colour_bands'] is None


def test_a_contradiction_about_zero_stops(tmp_path):
    write_mask(tmp_path / 'm.png', np.array([[0, 1]], np.uint8), [(0, 0, 0)])
    entry = {'seg_map_path': str(tmp_path / 'm.png'), 'seg_fields': [], 'num_classes': 2}
    for said in (True, False):
        with pytest.raises(ConfigError, match=f'LoadRSMask has reduce_zero_label={said}'):
            LoadRSMask(reduce_zero_label=said).transform({**entry, 'reduce_zero_label': not said})
        LoadRSMask(reduce_zero_label=said).transform({**entry, 'reduce_zero_label': said})


def test_label_rasters_beside_their_image_stop(tmp_path):
    place = dict(crs='EPSG:32643', transform=from_origin(0, 0, 1, 1))
    image = write_image(tmp_path / 'i', np.ones((4, 4, 4), np.uint8), **place)
    place['transform'] = from_origin(10, 0, 1, 1)
    mask = write_image(tmp_path / 'm', np.zeros((4, 4, 1), np.uint8), **place)
    entry = {'img_path': str(image), 'seg_map_path': str(mask), 'seg_fields': []}
    with pytest.raises(DataError, match='m.tif does not lie on .*i.tif: it lies up to 10 px'):
        LoadRSMask().transform({**entry, 'reduce_zero_label': False})


def test_alpha_as_a_mask(tmp_path):
    image = np.full((2, 2, 4), 9, np.uint8)
    image[0, 0, 3] = 0
    Image.fromarray(image).save(tmp_path / 'x.png')
    results = LoadRSImage(alpha='mask', nodata_fill=[1, 2, 3]).transform(
        {'img_path': str(tmp_path / 'x.png')}
    )
    assert results['img'][0, 0].tolist() == [1, 2, 3] and (results['img'][1] == 9).all()
    assert LoadRSImage().transform({'img_path': str(tmp_path / 'x.png')})['img'].shape == (2, 2, 4)
    with pytest.raises(ConfigError, match="alpha must be 'data' or 'mask', got 'no'"):
        LoadRSImage(alpha='no')


def test_a_sample_without_a_mask_stays_as_it_is():
    assert LoadRSMask().transform({'img': 1}) == {'img': 1}


def test_files_in_another_order_of_bands_are_refused(tmp_path):
    """Images of R, G, B and of B, G, R were read as the same bands."""
    image = np.ones((4, 4, 3), np.uint8)
    first, other = (str(write_image(tmp_path / n, image, n)) for n in ('RGB', 'BGR'))
    unnamed = str(write_image(tmp_path / 'x', image, nodata=0))
    reader = LoadRSImage()
    for path in (first, unnamed, first):
        reader({'img_path': path})
    with pytest.raises(DataError, match='BGR.tif has the bands B, G, R, .*RGB.tif has R, G, B'):
        reader({'img_path': other})
    for reader in (LoadRSImage(bands=['R', 'G', 'B']), LoadRSImage(band_names=['x', 'y', 'z'])):
        for path in (first, other):
            reader({'img_path': path})
    with pytest.raises(DataError, match='BGR.tif has the bands'):
        write_cache(tmp_path / 'cache', [first, other], workers=0)


@pytest.mark.parametrize(
    ('fill', 'dtype'), [(0, 'uint8'), (255.0, 'uint8'), (-1, 'float32'), (123.68, 'float32')]
)
def test_8_bit_images_hold_what_nodata_is_filled_with(tmp_path, fill, dtype):
    """-1 was an OverflowError, 123.68 became 123 here and not in maps."""
    image = np.full((4, 4, 1), 5, np.uint8)
    full = str(write_image(tmp_path / 'y', image, nodata=0))
    image[:2] = 0
    path = str(write_image(tmp_path / 'x', image, nodata=0))
    reader = LoadRSImage(nodata_fill=fill)
    result = reader({'img_path': path})
    assert result['img'].dtype == dtype == reader({'img_path': full})['img'].dtype
    np.testing.assert_array_equal(np.unique(result['img']), np.sort(np.array([5, fill], dtype)))
    assert result.get('value_range') == (None if dtype == 'uint8' else (0, 255))
