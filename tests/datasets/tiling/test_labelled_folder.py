import json

import numpy as np
import pytest
from PIL import Image
from rasterio.transform import from_origin

from glcnet_plugin.datasets.io.folder_format import read_classes, read_manifest
from glcnet_plugin.datasets.io.images import read_image, read_masked
from glcnet_plugin.datasets.io.masks import read_mask
from glcnet_plugin.datasets.tiling.folder_writer import write_image, write_mask
from glcnet_plugin.datasets.tiling.labelled_folder import cut_folder
from glcnet_plugin.errors import DataError


def test_tiles_are_parts_of_the_image_and_keep_group_and_source(labelled_folder, tmp_path):
    image = np.random.randint(0, 255, (8, 8, 3)).astype(np.uint8)
    write_image(labelled_folder / 'images' / 'b1', image)
    out = tmp_path / 'out'
    assert cut_folder(labelled_folder, out, tile=5).tiles == 3 * 4
    rows = [row for row in read_manifest(out) if row['source'] == 'b1']
    assert [(row['y'], row['x']) for row in rows] == [
        ('0', '0'),
        ('0', '3'),
        ('3', '0'),
        ('3', '3'),
    ]
    assert {row['group'] for row in rows} == {'B'}
    for row in rows:
        y, x = int(row['y']), int(row['x'])
        part = read_image(str(out / 'images' / f'{row["name"]}.png'))
        np.testing.assert_array_equal(part, image[y : y + 5, x : x + 5])
        mask = read_mask(labelled_folder / 'masks' / 'b1.png')[y : y + 5, x : x + 5]
        np.testing.assert_array_equal(read_mask(out / 'masks' / f'{row["name"]}.png'), mask)
    assert read_classes(out) == read_classes(labelled_folder)


def test_image_smaller_than_a_tile(labelled_folder, tmp_path):
    with pytest.raises(DataError, match='8x8 px, smaller than a tile of 9'):
        cut_folder(labelled_folder, tmp_path / 'out', tile=9)


def test_mask_of_another_size(labelled_folder, tmp_path):
    write_mask(labelled_folder / 'masks' / 'a1.png', np.zeros((9, 8), np.uint8), [(1, 2, 3)])
    with pytest.raises(DataError, match=r'a1\.png is 8x8 px, its mask .*a1\.png is 9x8 px'):
        cut_folder(labelled_folder, tmp_path / 'out', tile=4)


def test_missing_mask(labelled_folder, tmp_path):
    (labelled_folder / 'masks' / 'a2.png').unlink()
    with pytest.raises(DataError, match="lacks the image or the mask of 'a2'"):
        cut_folder(labelled_folder, tmp_path / 'out', tile=4)


def test_the_manifest_has_the_columns_that_were_always_there(labelled_folder, tmp_path):
    cut_folder(labelled_folder, tmp_path / 'out', tile=8)
    rows = read_manifest(tmp_path / 'out')
    assert list(rows[0]) == ['name', 'group', 'source', 'y', 'x']
    assert [row['name'] for row in rows] == [f'{name}_00000_00000' for name in ('a1', 'a2', 'b1')]


def test_files_beside_the_images_are_no_images(labelled_folder, tmp_path):
    (labelled_folder / 'images' / 'a1.tfw').write_text('1')
    assert cut_folder(labelled_folder, tmp_path / 'out', tile=8).tiles == 3


def test_another_ignored_value_becomes_255(labelled_folder, tmp_path):
    path = labelled_folder / 'classes.json'
    path.write_text(json.dumps({**json.loads(path.read_text()), 'ignore_index': 7}))
    write_mask(labelled_folder / 'masks' / 'a1.png', np.full((8, 8), 7, np.uint8), [(1, 2, 3)])
    done = cut_folder(labelled_folder, tmp_path / 'out', tile=4)
    assert (read_mask(tmp_path / 'out/masks/a1_00004_00004.png') == 255).all()
    assert done.pixels[255] == 64 + 2


@pytest.mark.parametrize(
    ('values', 'nodata', 'mapping', 'expected'),
    [
        ((255, 0), None, {'0': 0, '255': 1}, (1, 0)),
        ((0, 1), 0, {'0': 0, '1': 1}, (0, 1)),
        ((0, 1), 0, {}, (255, 1)),
        ((7, 255), 7, {'255': 1}, (255, 1)),
    ],
)
def test_a_mask_of_another_grid_and_a_mapping(
    labelled_folder, tmp_path, values, nodata, mapping, expected
):
    """Ground that the mask does not reach became class 255, and a class at nodata was lost."""
    path = labelled_folder / 'classes.json'
    path.write_text(json.dumps({**json.loads(path.read_text()), 'mapping': mapping}))
    ids = np.array(values, np.uint8).repeat(4).reshape(4, 2, 1)  # the left half, at 2 m
    for name in ('a1', 'a2', 'b1'):
        for part in ('images', 'masks'):
            (labelled_folder / f'{part}/{name}.png').unlink()
        place = dict(crs='EPSG:32643', transform=from_origin(5e5, 2e6, 1, 1))
        write_image(labelled_folder / 'images' / name, np.ones((8, 8, 4), np.uint8), **place)
        place = dict(place, transform=from_origin(5e5, 2e6, 2, 2), nodata=nodata)
        write_image(labelled_folder / 'masks' / name, ids, **place)
    cut_folder(labelled_folder, tmp_path / 'out', 8, workers=0)
    mask = read_mask(tmp_path / 'out/masks/a1_00000_00000.png')
    assert mask[[0, -1], 0].tolist() == list(expected) and (mask[:, 4:] == 255).all()


def test_colours_of_classes_json_become_ids(labelled_folder, tmp_path):
    colours = np.zeros((8, 8, 3), np.uint8)
    colours[:, :4], colours[0, 0] = (255, 0, 0), (1, 2, 3)
    colours[:, 4:] = (0, 255, 0)
    for name in ('a1', 'a2', 'b1'):
        Image.fromarray(colours).save(labelled_folder / f'masks/{name}.png')
    summary = cut_folder(labelled_folder, tmp_path / 'out', 4, workers=0)
    mask = read_mask(tmp_path / 'out/masks/a1_00000_00000.png')
    assert mask[0, 0] == 255 and (mask[1:] == 0).all()
    assert (read_mask(tmp_path / 'out/masks/a1_00000_00004.png') == 1).all()
    assert 'unknown colours, ignored: #010203 (3 px)' in summary.lines()


def test_tiles_without_data_are_left_out(labelled_folder, tmp_path):
    image = np.zeros((8, 8, 4), np.uint16)
    image[4:, 4:] = 7
    for name in ('a1', 'a2', 'b1'):
        (labelled_folder / f'images/{name}.png').unlink()
        write_image(labelled_folder / 'images' / name, image, nodata=0)
    (labelled_folder / 'masks/a1.png').unlink()
    write_image(labelled_folder / 'masks/a1', np.ones((8, 8, 1), np.uint8))  # a TIFF will do
    summary = cut_folder(labelled_folder, tmp_path / 'out', 4, workers=0)
    assert [row['name'] for row in read_manifest(tmp_path / 'out')] == [
        'a1_00004_00004', 'a2_00004_00004', 'b1_00004_00004'
    ]  # fmt: skip
    assert '9 tiles without data left out' in summary.lines()
    assert len(list((tmp_path / 'out/masks').iterdir())) == 3
    assert sum(summary.pixels.values()) == 3 * 64  # classes of all pixels of the scenes


def test_tiles_keep_the_mask_and_the_place_of_their_image(labelled_folder, tmp_path):
    image = np.random.default_rng(0).integers(1, 255, (8, 8, 3)).astype(np.uint8)
    gaps = np.zeros((8, 8), bool)
    gaps[:4] = True
    gaps[4, 4] = True
    place = dict(crs='EPSG:32643', transform=from_origin(100, 50, 1, 1))
    (labelled_folder / 'images/a1.png').unlink()
    write_image(labelled_folder / 'images/a1', image, missing=gaps, **place)
    out = tmp_path / 'out'
    summary = cut_folder(labelled_folder, out, 4, workers=0)
    assert summary.empty == 2  # windows without data
    rows = {row['name']: row for row in read_manifest(out)}
    row = rows['a1_00004_00004']
    assert [row[key] for key in ('crs', 'left', 'bottom', 'right', 'top')] == [
        'EPSG:32643', '104.0', '42.0', '108.0', '46.0'
    ]  # fmt: skip
    assert rows['a2_00000_00000']['crs'] == ''
    missing = read_masked(out / 'images/a1_00004_00004.tif')[1]
    assert np.argwhere(missing.all(-1)).tolist() == [[0, 0]]
    assert read_masked(out / 'images/a1_00004_00000.png')[1] is None


def test_alpha_may_be_the_mask(labelled_folder, tmp_path):
    image = np.full((8, 8, 4), 9, np.uint8)
    image[:, :4, 3] = 0
    Image.fromarray(image).save(labelled_folder / 'images/a1.png')
    assert cut_folder(labelled_folder, tmp_path / 'data', 4, workers=0).empty == 0
    assert cut_folder(labelled_folder, tmp_path / 'mask', 4, workers=0, alpha='mask').empty == 2
    assert read_image(tmp_path / 'mask/images/a1_00000_00004.png').shape == (4, 4, 3)
    assert read_image(tmp_path / 'data/images/a1_00000_00004.tif').shape == (4, 4, 4)


def test_nodata_of_masks_and_classes_from_1(labelled_folder, tmp_path):
    ids = np.repeat(np.array([[0, 0, 0, 0, 1, 1, 2, 2]], np.uint8), 8, 0)
    for name in ('a1', 'a2', 'b1'):
        (labelled_folder / f'masks/{name}.png').unlink()
        write_image(labelled_folder / f'masks/{name}', ids[..., None])
    cut_folder(labelled_folder, tmp_path / 'out', 8, workers=0, reduce_zero_label=True)
    mask = read_mask(tmp_path / 'out/masks/a1_00000_00000.png')
    assert mask[0].tolist() == [255] * 4 + [0, 0, 1, 1]


def test_tiles_that_are_all_empty_are_named(labelled_folder, tmp_path):
    for path in (labelled_folder / 'images').glob('*'):
        path.unlink()
    for name in ('a1', 'a2', 'b1'):
        write_image(labelled_folder / 'images' / name, np.zeros((8, 8, 3), np.uint8), nodata=0)
    with pytest.raises(DataError, match='all 12 tiles are nodata'):
        cut_folder(labelled_folder, tmp_path / 'out', 4, workers=0)


def test_tiles_without_a_label_are_left_out(labelled_folder, tmp_path):
    sparse = np.full((8, 8), 255, np.uint8)
    for name in ('a1', 'a2', 'b1'):
        write_mask(labelled_folder / f'masks/{name}.png', sparse, [(1, 2, 3)])
    with pytest.raises(DataError, match='all 12 tiles are nodata or without a label'):
        cut_folder(labelled_folder, tmp_path / 'none', 4, workers=0, labelled_only=True)
    sparse[5, 1] = 1
    write_mask(labelled_folder / 'masks/a2.png', sparse, [(1, 2, 3)])
    out = tmp_path / 'out'
    summary = cut_folder(labelled_folder, out, 4, workers=0, labelled_only=True)
    assert [row['name'] for row in read_manifest(out)] == ['a2_00004_00000']
    assert [path.name for path in (out / 'masks').iterdir()] == ['a2_00004_00000.png']
    assert summary.empty == 11 and summary.pixels == {1: 1, 255: 3 * 64 - 1}


def test_scenes_without_labels_need_no_description(tmp_path):
    image = np.random.default_rng(0).integers(1, 255, (8, 12, 3)).astype(np.uint8)
    for inside in ('', 'images'):
        source = tmp_path / f'scenes{inside}' / inside
        source.mkdir(parents=True)
        write_image(source / 'a', image)
        (source / 'a.tfw').write_text('1')
        out = tmp_path / f'out{inside}'
        done = cut_folder(tmp_path / f'scenes{inside}', out, tile=4)
        assert done.tiles == 6 and len(done.lines()) == 1
        assert sorted(path.name for path in out.iterdir()) == ['.done', 'images', 'manifest.csv']
        assert {row['group'] for row in read_manifest(out)} == {'a'}
        part = read_image(str(out / 'images/a_00004_00008.png'))
        np.testing.assert_array_equal(part, image[4:, 8:])


def test_a_labelled_folder_without_a_manifest(labelled_folder, tmp_path):
    (labelled_folder / 'manifest.csv').unlink()
    assert cut_folder(labelled_folder, tmp_path / 'out', tile=8).tiles == 3
    assert [row['group'] for row in read_manifest(tmp_path / 'out')] == ['a1', 'a2', 'b1']
    (labelled_folder / '.done').mkdir()
    with pytest.raises(DataError, match='the tool that makes it has not finished'):
        cut_folder(labelled_folder, tmp_path / 'again', tile=8)


def test_labels_of_a_part_in_another_resolution(labelled_folder, tmp_path):
    """They had to have the size of their image."""
    place = dict(crs='EPSG:32643', transform=from_origin(0, 16, 1, 1))
    write_image(labelled_folder / 'images/a1', np.ones((16, 16, 4), np.uint8), **place)
    (labelled_folder / 'images/a1.png').unlink()
    (labelled_folder / 'masks/a1.png').unlink()
    part = dict(place, transform=from_origin(8, 16, 2, 2))
    write_image(labelled_folder / 'masks/a1', np.ones((4, 4, 1), np.uint8), **part, nodata=255)
    for _ in range(2):  # the second time, nothing has changed
        done = cut_folder(labelled_folder, tmp_path / 'out', tile=8, workers=0)
    assert done.earlier == 3 and done.pixels[255] == 256 - 64 + 2
    assert (read_mask(tmp_path / 'out/masks/a1_00000_00008.png') == 1).all()
    assert (read_mask(tmp_path / 'out/masks/a1_00000_00000.png') == 255).all()


@pytest.mark.parametrize('content', [None, 'empty', 'images'])
def test_a_folder_without_images_is_named(tmp_path, content):
    """It was "there are no scenes to cut"."""
    source = tmp_path / 'scenes'
    if content is not None:
        (source / 'images' if content == 'images' else source).mkdir(parents=True)
    with pytest.raises(DataError, match='scenes.*(it is not a folder|holds no images to cut)'):
        cut_folder(source, tmp_path / 'out')


@pytest.mark.parametrize('tile', [0, 4])
def test_the_source_is_not_written(labelled_folder, tmp_path, tile):
    """With 0, its images were cut to 0 bytes; else tiles were mixed into them."""
    before = {p: p.read_bytes() for p in labelled_folder.rglob('*') if p.is_file()}
    (tmp_path / 'link').symlink_to(labelled_folder)
    for out in (labelled_folder, tmp_path / 'link'):
        with pytest.raises(DataError, match='is the source: give another folder to write'):
            cut_folder(labelled_folder, out, tile, 0)
    with pytest.raises(DataError, match='lies where .* gets its tiles'):
        cut_folder(labelled_folder / 'images', labelled_folder, tile, 0)
    assert {p: p.read_bytes() for p in labelled_folder.rglob('*') if p.is_file()} == before


@pytest.mark.parametrize('tile', [0, 4])
def test_another_labelled_folder_is_not_written(labelled_folder, tmp_path, tile):
    """Scenes to which its images were links were cut to 0 bytes, its manifest was replaced."""
    scenes = tmp_path / 'scenes'
    scenes.mkdir()
    scene = write_image(scenes / 'a1', np.ones((8, 8, 3), np.uint8))
    (labelled_folder / 'images/a1.png').unlink()
    (labelled_folder / 'images/a1.png').symlink_to(scene)
    before = {p: p.read_bytes() for p in tmp_path.rglob('*') if p.is_file()}
    with pytest.raises(DataError, match=r'manifest\.csv is there and not of this tool'):
        cut_folder(scenes, labelled_folder, tile, 0)
    assert {p: p.read_bytes() for p in tmp_path.rglob('*') if p.is_file()} == before


def test_coloured_masks_need_a_colour_of_each_class(labelled_folder, tmp_path):
    """All pixels of the first of two classes went to the last."""
    path = labelled_folder / 'classes.json'
    content = json.loads(path.read_text())
    content['classes'][1]['color'] = content['classes'][0]['color']
    path.write_text(json.dumps(content))
    assert cut_folder(labelled_folder, tmp_path / 'ids', 4, workers=0).tiles == 12
    for name in ('a1', 'a2', 'b1'):
        Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(labelled_folder / f'masks/{name}.png')
    names = [entry['name'] for entry in content['classes'][:2]]
    with pytest.raises(DataError, match=f"gives '{names[0]}' and '{names[1]}' one colour, #"):
        cut_folder(labelled_folder, tmp_path / 'out', 4, workers=0)
    assert not (tmp_path / 'out').exists()
