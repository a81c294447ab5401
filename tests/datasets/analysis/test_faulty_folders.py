"""The check meets every faulty folder of a kind, and every healthy unusual one."""

import json

import numpy as np
import pytest
import rasterio
from PIL import Image
from rasterio.transform import Affine, from_origin

from glcnet_plugin.datasets.analysis.check_sources import inputs_from_folder
from glcnet_plugin.datasets.analysis.dataset_check import check_dataset
from glcnet_plugin.datasets.folder import FolderSegDataset
from glcnet_plugin.datasets.tiling.folder_writer import (
    write_description,
    write_image,
    write_list,
    write_mask,
)
from glcnet_plugin.datasets.transforms.loading import LoadRSMask
from glcnet_plugin.errors import GLCNetError

PALETTE = [(255, 0, 0), (0, 255, 0), (0, 0, 255)]
IDS = np.repeat(np.array([[0, 1, 2, 2]], np.uint8), 4, 0)
FROM_1 = np.where(IDS == 0, -9999, IDS.astype(int) - 1)  # -9999 for nodata, then 0, 1
GRID = from_origin(0, 0, 1, 1)
PLACE = {'crs': 'EPSG:32643', 'transform': GRID}


def labelled(folder, ids=IDS, classes=3, name='a', **more):
    """A folder with one image of 4 x 4 px, and what is wrong with it."""
    for part in ('images', 'masks'):
        (folder / part).mkdir(exist_ok=True)
    image = np.random.default_rng(0).integers(1, 255, (4, 4, 4)).astype(np.uint8)
    write_image(folder / 'images' / name, image, **more.pop('image', {}))
    palette = more.pop('palette', PALETTE)
    if 'mask' in more:
        write_image(folder / 'masks' / name, ids[..., None], **more.pop('mask'))
    else:
        write_mask(folder / f'masks/{name}.png', ids, palette)
    write_description(folder, list('abc')[:classes], PALETTE[:classes], [{'name': name}])
    content = json.loads((folder / 'classes.json').read_text())
    (folder / 'classes.json').write_text(json.dumps({**content, **more}))
    return folder


def checked(folder, **options):
    """Levels and codes of the issues, and the pixels of each class; training agrees."""
    inputs = inputs_from_folder(folder, {}, **options)
    report = check_dataset(inputs.samples, inputs.expected, 0)
    codes = [(issue.level, issue.code) for issue in [*inputs.issues, *report.issues]]
    codes = [code for code in codes if code != ('note', 'alpha')]  # all have four bands
    counts = report.splits['train'].class_pixels
    return codes, None if counts is None else counts.tolist()


def trained(folder, **options):
    """What training makes of the first mask."""
    entry = FolderSegDataset(str(folder), **options).get_data_info(0)
    return LoadRSMask().transform(entry)['gt_seg_map']


HEALTHY = {
    'plain': ({}, [], [4, 4, 8]),
    'palette in another order': (
        {'palette': [PALETTE[i] for i in (2, 0, 1)]}, [('note', 'palette_order')], [4, 8, 4]
    ),
    "a viewer's palette": ({'palette': [(0, 0, 0), (9, 9, 9), (7, 7, 7)]}, [], [4, 4, 8]),
    'nodata tag 0': (
        {'mask': {'nodata': 0}}, [('note', 'mask_nodata'), ('warning', 'class_absent')], [0, 4, 8]
    ),
    'nodata tag of a class that the mapping names': (
        {'mask': {'nodata': 0}, 'mapping': {0: 0, 1: 1, 2: 2}}, [('note', 'mask_nodata')], [4, 4, 8]
    ),
    'floats with -9999': (
        {'ids': FROM_1.astype(np.float32), 'classes': 2,
         'mask': {'nodata': -9999}},
        [('note', 'mask_nodata')], [4, 8],
    ),
    'ignore_index -9999': (
        {'ids': FROM_1.astype(np.int16), 'classes': 2, 'mask': {},
         'ignore_index': -9999}, [], [4, 8],
    ),
    'ignore_index -255': ({'ignore_index': -255}, [], [4, 4, 8]),
    '1..N': (
        {'ids': IDS + 1, 'reduce_zero_label': True, 'palette': [(0, 0, 0), *PALETTE]}, [], [4, 4, 8]
    ),
    '10, 20, 30': ({'ids': (IDS + 1) * 10, 'mapping': {10: 0, 20: 1, 30: 2}}, [], [4, 4, 8]),
    '0 and 255 by a mapping': (
        {'ids': np.where(IDS > 0, 255, 0).astype(np.uint8), 'classes': 2,
         'mapping': {0: 0, 255: 1}}, [], [4, 12],
    ),
    'image and mask of one place': ({'image': PLACE, 'mask': PLACE}, [], [4, 4, 8]),
}  # fmt: skip
FAULTY = {
    '1..N where N occurs': ({'ids': IDS + 1}, ('error', 'labels')),
    '1..N where N does not': ({'ids': np.minimum(IDS + 1, 2)}, ('warning', 'class_absent')),
    '0 and 255 of two classes': (
        {'ids': np.where(IDS > 0, 255, 0).astype(np.uint8), 'classes': 2}, ('error', 'binary_255')
    ),
    'a class without a pixel': ({'ids': IDS % 2}, ('warning', 'class_absent')),
    'a single class': ({'ids': IDS * 0, 'classes': 1}, ('error', 'single_class')),
    'a palette of 1..N': ({'palette': [(9, 9, 9), *PALETTE]}, ('error', 'palette')),
    'fractions': ({'ids': IDS + np.float32(0.5), 'mask': {}}, ('error', 'mask_unreadable')),
    'shifted': (
        {'image': PLACE, 'mask': {**PLACE, 'transform': GRID @ Affine.translation(10, 0)}},
        ('error', 'misplaced'),
    ),
    'south-up': (
        {'image': PLACE, 'mask': {**PLACE, 'transform': Affine(1, 0, 0, 0, 1, -4)}},
        ('error', 'misplaced'),
    ),
    'another CRS': (
        {'image': PLACE, 'mask': {**PLACE, 'crs': 'EPSG:32644'}}, ('error', 'misplaced')
    ),
}  # fmt: skip


@pytest.mark.parametrize('case', HEALTHY)
def test_unusual_folders_are_read_right_by_check_and_training(tmp_path, case):
    settings, codes, counts = HEALTHY[case]
    folder = labelled(tmp_path, **settings)
    assert checked(folder) == (codes, counts)
    ids = trained(folder)
    assert np.bincount(ids[ids != 255], minlength=len(counts)).tolist() == counts


@pytest.mark.parametrize('case', FAULTY)
def test_faulty_folders_are_told(tmp_path, case):
    settings, code = FAULTY[case]
    folder = labelled(tmp_path, **settings)
    assert code in checked(folder)[0]
    if code[0] == 'error' and code[1] not in ('binary_255', 'single_class'):
        with pytest.raises(GLCNetError):
            trained(folder)


def test_options_say_the_same_as_classes_json(tmp_path):
    folder = labelled(tmp_path, ids=IDS + 1)
    codes, counts = checked(folder, reduce_zero_label=True)
    assert (codes, counts) == ([], [4, 4, 8])
    assert trained(folder, reduce_zero_label=True)[0].tolist() == [0, 1, 2, 2]


def test_more_than_255_classes(tmp_path):
    ids = np.array([[0, 254, 255, 299], [65535, 256, 1, 255]], np.uint16)
    names = [str(index) for index in range(300)]
    for part in ('images', 'masks'):
        (tmp_path / part).mkdir()
    write_image(tmp_path / 'images/a', np.zeros((2, 4, 3), np.uint8))
    write_image(tmp_path / 'masks/a', ids[..., None])
    write_description(tmp_path, names, [(0, 0, 0)] * 300, [{'name': 'a'}])
    with pytest.raises(GLCNetError, match='300 classes, and 255 is ignored though it is one'):
        trained(tmp_path)
    text = (tmp_path / 'classes.json').read_text()
    (tmp_path / 'classes.json').write_text(
        text.replace('"ignore_index": 255', '"ignore_index": 65535')
    )
    np.testing.assert_array_equal(trained(tmp_path), ids)  # 255 is class 255, 65535 is ignored
    counts = checked(tmp_path)[1]
    assert len(counts) == 300 and counts[255] == 2 and sum(counts) == 7


def test_tiles_of_a_scene_that_overlap_between_splits(tmp_path):
    for part in ('images', 'masks'):
        (tmp_path / part).mkdir()
    rows = []
    for index, x in enumerate((0, 4, 2)):
        image = np.random.default_rng(index).integers(0, 255, (4, 4, 3)).astype(np.uint8)
        write_image(tmp_path / f'images/s_0_{x}', image)
        write_mask(tmp_path / f'masks/s_0_{x}.png', IDS, PALETTE)
        rows.append({'name': f's_0_{x}', 'group': f'g{x}'})
    write_description(tmp_path, list('abc'), PALETTE, rows)
    lists = {}
    for part, names in (('train', ['s_0_0']), ('val', ['s_0_2', 's_0_4'])):
        lists[part] = tmp_path / f'{part}.txt'
        write_list(lists[part], names)
    inputs = inputs_from_folder(tmp_path, lists)
    report = check_dataset(inputs.samples, inputs.expected, 0)
    (issue,) = report.issues
    assert (issue.code, issue.file) == ('leak_tiles', str(tmp_path / 'images/s_0_2.png'))


def test_tiles_whose_place_cannot_be_read(tmp_path):
    """They counted as tiles without a place, which overlap nothing."""
    folder = labelled(tmp_path)
    (folder / 'manifest.csv').write_text('name,source,y,x\na,s,"0,5",0\n')
    inputs = inputs_from_folder(folder, {})
    report = check_dataset(inputs.samples, inputs.expected, 0)
    issue = next(issue for issue in report.issues if issue.code == 'georeference')
    assert "manifest.csv has y = '0,5', x = '0': give whole pixels" in issue.message


def test_the_manifest_places_tiles_without_a_georeference(tmp_path):
    folder = labelled(tmp_path)
    labelled(tmp_path, name='b')
    image = np.random.default_rng(1).integers(1, 255, (4, 4, 4)).astype(np.uint8)
    write_image(folder / 'images/b', image)
    place = {'crs': 'EPSG:32643', 'left': 0, 'bottom': 0, 'right': 4, 'top': 4}
    write_description(folder, list('abc'), PALETTE, [{'name': n, **place} for n in 'ab'])
    lists = {}
    for part, name in (('train', 'a'), ('val', 'b')):
        lists[part] = folder / f'{part}.txt'
        write_list(lists[part], [name])
    inputs = inputs_from_folder(folder, lists)
    codes = [issue.code for issue in check_dataset(inputs.samples, inputs.expected, 0).issues]
    assert 'leak_ground' in codes


def test_unusual_images_are_used_and_told(tmp_path):
    folder = labelled(tmp_path)
    rgb = np.random.default_rng(0).integers(1, 255, (4, 4, 3)).astype(np.uint8)
    path = folder / 'images/a.tif'
    assert checked(folder) == ([], [4, 4, 8])
    with rasterio.open(path, 'r+') as raster:
        raster.scales = (0.1,) * 4
    assert ('warning', 'scale_offset') in checked(folder)[0]
    path.unlink()
    Image.fromarray(rgb).quantize(4).save(folder / 'images/a.PNG')
    assert checked(folder)[0] == [('note', 'palette_image')]
    (folder / 'images/a.PNG').unlink()
    write_image(folder / 'images/a', np.ones((4, 4, 2), np.complex64))
    assert ('error', 'complex') in checked(folder)[0]
