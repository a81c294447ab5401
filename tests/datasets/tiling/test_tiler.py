import hashlib
import json

import numpy as np
import pytest
import rasterio
from PIL import Image
from rasterio.transform import from_origin

from glcnet_plugin.datasets.folder import FolderSegDataset
from glcnet_plugin.datasets.io.folder_format import read_classes, read_manifest
from glcnet_plugin.datasets.io.images import read_image, read_masked
from glcnet_plugin.datasets.io.masks import OddColours, read_mask
from glcnet_plugin.datasets.tiling import tiler
from glcnet_plugin.datasets.tiling.folder_writer import write_image, write_mask
from glcnet_plugin.datasets.tiling.recipe import Recipe, Scene
from glcnet_plugin.datasets.tiling.tiler import cut_scenes
from glcnet_plugin.errors import DataError

PALETTE = [(255, 0, 0), (0, 255, 255)]
RECIPE = Recipe(('red', 'cyan'), PALETTE, 16, {(255, 0, 0): 0, (0, 255, 255): 1})


def add_scene(folder, name, shape=(40, 50), suffix='.png', colours=PALETTE):
    """A random scene with a colour mask; returns it with its image and colour numbers."""
    image = np.random.randint(0, 255, (*shape, 3)).astype(np.uint8)
    chosen = np.random.randint(0, len(colours), shape)
    Image.fromarray(image).save(folder / f'{name}{suffix}')
    Image.fromarray(np.array(colours, np.uint8)[chosen]).save(folder / f'{name}_mask.png')
    paths = (str(folder / f'{name}{suffix}'), str(folder / f'{name}_mask.png'))
    return Scene(name, f'group {name}', *paths, {'year': 2020}), image, chosen


def paths_of(folder, name):
    return str(folder / f'{name}.png'), str(folder / f'{name}_mask.png')


def write_mosaic(path, part, size):
    """A .vrt of three bands of one file beside it."""
    bands = ''.join(
        f'<VRTRasterBand dataType="Byte" band="{band}"><SimpleSource><SourceFilename '
        f'relativeToVRT="1">{part}</SourceFilename><SourceBand>{band}</SourceBand></SimpleSource>'
        '</VRTRasterBand>'
        for band in (1, 2, 3)
    )
    path.write_text(
        f'<VRTDataset rasterXSize="{size[1]}" rasterYSize="{size[0]}">{bands}</VRTDataset>'
    )
    return str(path)


def contents(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob('*')
        if path.is_file()
    }


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / 'source'
    folder.mkdir()
    return folder


@pytest.mark.parametrize('suffix', ['.png', '.tif'])
@pytest.mark.parametrize('workers', [0, 2])
def test_every_pixel_of_every_tile(source, tmp_path, suffix, workers):
    made = [add_scene(source, name, suffix=suffix) for name in ('b', 'a')]
    out = tmp_path / 'out'
    done = cut_scenes([scene for scene, _, _ in made], RECIPE, out, workers=workers)
    rows = read_manifest(out)
    assert done.tiles == len(rows) == 2 * 3 * 4 and [rows[0]['source'], rows[-1]['source']] == [
        'b', 'a'
    ]  # fmt: skip
    assert list(rows[0]) == ['name', 'group', 'source', 'y', 'x', 'year']
    assert rows[-1] == {
        'name': 'a_00024_00034', 'group': 'group a', 'source': 'a', 'y': '24', 'x': '34',
        'year': '2020',
    }  # fmt: skip
    sources = {scene.name: (image, ids) for scene, image, ids in made}
    for row in rows:
        image, ids = sources[row['source']]
        part = np.s_[int(row['y']) : int(row['y']) + 16, int(row['x']) : int(row['x']) + 16]
        np.testing.assert_array_equal(read_image(out / f'images/{row["name"]}.png'), image[part])
        np.testing.assert_array_equal(read_mask(out / f'masks/{row["name"]}.png'), ids[part])
    assert len(list((out / 'images').iterdir())) == len(list((out / 'masks').iterdir())) == 24
    assert read_classes(out)['classes'] == ['red', 'cyan']
    assert len(FolderSegDataset(str(out), groups=['group a'], pipeline=[])) == 12
    # tiles overlap, yet every pixel counts once
    expected = sum(np.bincount(ids.ravel(), minlength=2) for _, _, ids in made)
    assert [done.pixels[0], done.pixels[1]] == expected.tolist()
    assert sum(done.pixels.values()) == 2 * 40 * 50 and done.odd == OddColours()


def test_twice_and_elsewhere_gives_the_same_bytes(source, tmp_path):
    scenes = [add_scene(source, name)[0] for name in 'ab']
    splits = {'train': ['a'], 'val': ['b']}
    first = cut_scenes(scenes, RECIPE, tmp_path / 'x', splits, 0)
    before = contents(tmp_path / 'x')
    second = cut_scenes(scenes, RECIPE, tmp_path / 'x', splits, 0)
    assert contents(tmp_path / 'x') == before
    cut_scenes(scenes, RECIPE, tmp_path / 'y', splits, 2)
    assert contents(tmp_path / 'y') == before
    assert (first.earlier, second.earlier) == (0, 2) and first.pixels == second.pixels
    listed = (tmp_path / 'x/splits/val.txt').read_text().split()
    assert listed == [row['name'] for row in read_manifest(tmp_path / 'x') if row['source'] == 'b']


def times(out, scene):
    return {path: path.stat().st_mtime_ns for path in (out / 'images').glob(f'{scene}_*')}


def test_only_unfinished_and_changed_scenes_are_cut_again(source, tmp_path):
    scenes = [add_scene(source, name)[0] for name in 'abc']
    out = tmp_path / 'out'
    cut_scenes(scenes, RECIPE, out, workers=0)
    before, old = contents(out), [times(out, name) for name in 'abc']
    (out / '.done/b.json').unlink()
    assert cut_scenes(scenes, RECIPE, out, workers=0).earlier == 2
    new = [times(out, name) for name in 'abc']
    assert contents(out) == before and (new[0], new[2]) == (old[0], old[2])
    assert all(new[1][path] > old[1][path] for path in old[1])
    add_scene(source, 'c')
    assert cut_scenes(scenes, RECIPE, out, workers=0).earlier == 2
    assert times(out, 'a') == old[0] and times(out, 'c') != old[2]


def test_a_stopped_run_goes_on(source, tmp_path, monkeypatch):
    scenes = [add_scene(source, name)[0] for name in 'abc']
    real, out = tiler.cut_scene, tmp_path / 'out'

    def stop_at_b(scene, **others):
        if scene.name == 'b':
            raise KeyboardInterrupt
        real(scene, **others)

    cut_scenes(scenes[:1], RECIPE, out, workers=0)
    assert (out / 'manifest.csv').is_file()
    monkeypatch.setattr(tiler, 'cut_scene', stop_at_b)
    with pytest.raises(KeyboardInterrupt):
        cut_scenes(scenes, RECIPE, out, workers=0)
    assert not (out / 'manifest.csv').exists()  # it would say that the folder is complete
    monkeypatch.setattr(tiler, 'cut_scene', real)
    assert cut_scenes(scenes, RECIPE, out, workers=0).earlier == 1
    cut_scenes(scenes, RECIPE, tmp_path / 'fresh', workers=0)
    assert contents(out) == contents(tmp_path / 'fresh')


def test_a_failing_scene_is_named_and_the_others_are_kept(source, tmp_path):
    scenes = [add_scene(source, name)[0] for name in 'ab']
    whole = (source / 'b.png').read_bytes()
    (source / 'b.png').write_bytes(whole[:200])
    with pytest.raises(DataError, match=r'b\.png'):
        cut_scenes(scenes, RECIPE, tmp_path / 'out', workers=2)
    (source / 'b.png').write_bytes(whole)
    assert cut_scenes(scenes, RECIPE, tmp_path / 'out', workers=2).earlier == 1


def test_other_settings_are_refused(source, tmp_path):
    scene = add_scene(source, 'a')[0]
    cut_scenes([scene], RECIPE, tmp_path / 'out', workers=0)
    other = Recipe(RECIPE.classes, RECIPE.palette, 8, RECIPE.colours)
    with pytest.raises(DataError, match='begun with tile = 16, now 8 is wanted: use another'):
        cut_scenes([scene], other, tmp_path / 'out', workers=0)


def test_sizes_that_do_not_fit(source, tmp_path):
    scene = add_scene(source, 'a', (15, 30))[0]
    with pytest.raises(DataError, match=r'a\.png is 15x30 px, smaller than a tile of 16: choose'):
        cut_scenes([scene], RECIPE, tmp_path / 'out', workers=0)
    wrong = Scene('b', 'b', add_scene(source, 'b')[0].image, scene.mask)
    with pytest.raises(DataError, match=r'b\.png is 40x50 px, its mask .*a_mask\.png is 15x30 px'):
        cut_scenes([wrong], RECIPE, tmp_path / 'out', workers=0)


def test_scenes_need_names_of_their_own(source, tmp_path):
    scene = add_scene(source, 'a')[0]
    with pytest.raises(DataError, match=r"\['a'\] occur more than once"):
        cut_scenes([scene, scene], RECIPE, tmp_path / 'out', workers=0)
    with pytest.raises(DataError, match='no scenes'):
        cut_scenes([], RECIPE, tmp_path / 'out', workers=0)


def test_colours_beside_the_legend(source, tmp_path):
    colours = [*PALETTE, (250, 3, 0), (255, 0, 255)]
    scene, _, chosen = add_scene(source, 'a', colours=colours)
    counts = np.bincount(chosen.ravel())
    snap = Recipe(RECIPE.classes, PALETTE, 16, RECIPE.colours, snap=True)
    done = cut_scenes([scene], snap, tmp_path / 'out', workers=0)
    assert done.odd.snapped == {'#FA0300 taken for #FF0000': counts[2]}
    assert done.odd.unknown == {'#FF00FF': counts[3]}
    assert done.pixels == {0: counts[0] + counts[2], 1: counts[1], 255: counts[3]}
    mask = read_mask(tmp_path / 'out/masks/a_00000_00000.png')
    np.testing.assert_array_equal(mask, np.array([0, 1, 0, 255])[chosen[:16, :16]])
    text = '\n'.join(done.lines())
    assert f'unknown colours, ignored: #FF00FF ({counts[3]} px)' in text
    assert f'beside the legend: #FA0300 taken for #FF0000 ({counts[2]} px)' in text


def test_whole_scenes_are_copied(source, tmp_path):
    scene, _, chosen = add_scene(source, 'a', suffix='.jpg')
    recipe = Recipe(RECIPE.classes, PALETTE, 0, RECIPE.colours)
    cut_scenes([scene], recipe, tmp_path / 'out', workers=0)
    assert (tmp_path / 'out/images/a.jpg').read_bytes() == (source / 'a.jpg').read_bytes()
    np.testing.assert_array_equal(read_mask(tmp_path / 'out/masks/a.png'), chosen)
    assert read_manifest(tmp_path / 'out') == [
        {'name': 'a', 'group': 'group a', 'year': '2020'}
    ]  # fmt: skip


def test_tiff_tiles_keep_place_names_and_nodata(source, tmp_path):
    image = np.random.randint(0, 2000, (40, 50, 4)).astype(np.uint16)
    path = write_image(
        source / 'a', image, ['R', 'G', 'B', 'NIR'],
        crs='EPSG:32633', transform=from_origin(500, 900, 2, 2), nodata=7,
    )  # fmt: skip
    write_mask(source / 'm.png', np.zeros((40, 50), np.uint8), PALETTE)
    scene = Scene('a', 'a', str(path), str(source / 'm.png'))
    chosen = Recipe(RECIPE.classes, PALETTE, 16, bands=[3, 0])
    cut_scenes([scene], chosen, tmp_path / 'out', workers=0)
    with rasterio.open(tmp_path / 'out/images/a_00024_00034.tif') as tile:
        assert (
            tile.descriptions == ('NIR', 'R') and tile.nodata == 7 and tile.crs.to_epsg() == 32633
        )
        assert tile.bounds[0] == 500 + 2 * 34 and tile.bounds[3] == 900 - 2 * 24
        np.testing.assert_array_equal(
            tile.read(), image[24:40, 34:50][..., [3, 0]].transpose(2, 0, 1)
        )
    wrong = Recipe(RECIPE.classes, PALETTE, 16, band_names=['R', 'G', 'B'])
    with pytest.raises(DataError, match=r"a\.tif has 4 bands, \['R', 'G', 'B'\] are expected"):
        cut_scenes([scene], wrong, tmp_path / 'other', workers=0)


def test_records_are_plain(source, tmp_path):
    scene = add_scene(source, 'a')[0]
    cut_scenes([scene], RECIPE, tmp_path / 'out', workers=0)
    record = json.loads((tmp_path / 'out/.done/a.json').read_text())
    assert len(record['rows']) == 12 and sum(record['pixels'].values()) == 2000
    assert sorted(p.name for p in (tmp_path / 'out/.done').iterdir()) == ['a.json', 'settings.json']


def test_tiles_of_a_scene_that_shrank_are_removed(source, tmp_path):
    """Those of before stayed, and a pretraining read them."""
    out = tmp_path / 'out'
    cut_scenes([add_scene(source, 'a')[0], add_scene(source, 'b')[0]], RECIPE, out, workers=0)
    kept = times(out, 'b')
    scenes = [add_scene(source, 'a', (16, 16))[0], Scene('b', 'group b', *paths_of(source, 'b'))]
    assert cut_scenes(scenes, RECIPE, out, workers=0).earlier == 1
    for folder in ('images', 'masks'):
        assert [p.name for p in (out / folder).glob('a_*')] == ['a_00000_00000.png']
    assert times(out, 'b') == kept


def test_files_beside_a_whole_scene_come_along(source, tmp_path):
    """Masks and nodata values beside it were lost."""
    scene = add_scene(source, 'a')[0]
    bands = ''.join(
        f'<PAMRasterBand band="{i}"><NoDataValue>{i}</NoDataValue></PAMRasterBand>'
        for i in (1, 2, 3)
    )
    (source / 'a.png.aux.xml').write_text(f'<PAMDataset>{bands}</PAMDataset>')
    out, recipe = tmp_path / 'out', Recipe(RECIPE.classes, PALETTE, 0, RECIPE.colours)
    renamed = Scene('x', 'x', scene.image, scene.mask)
    cut_scenes([renamed], recipe, out, workers=0)
    expected = read_masked(scene.image)[1]
    assert expected.any()
    np.testing.assert_array_equal(read_masked(out / 'images/x.png')[1], expected)
    (source / 'a.png.aux.xml').unlink()
    assert cut_scenes([renamed], recipe, out, workers=0).earlier == 0
    assert [path.name for path in (out / 'images').iterdir()] == ['x.png']


def test_the_pixels_of_a_whole_mosaic_are_written(source, tmp_path):
    """The .vrt was copied, and its parts were not found from there."""
    scene, image, _ = add_scene(source, 'a')
    mosaic = write_mosaic(source / 'v.vrt', 'a.png', image.shape[:2])
    recipe = Recipe(RECIPE.classes, PALETTE, 0, RECIPE.colours)
    cut_scenes([Scene('v', 'v', mosaic, scene.mask)], recipe, tmp_path / 'out', workers=0)
    assert [path.name for path in (tmp_path / 'out/images').iterdir()] == ['v.png']
    np.testing.assert_array_equal(read_image(tmp_path / 'out/images/v.png'), image)


def test_bands_with_nodata_values_of_their_own(source, tmp_path):
    """Tiles held -9999 and -32768 as data where one band was missing."""
    image = np.random.randint(1, 2000, (16, 16, 2)).astype(np.int16)
    image[:8, :, 0], image[:, :4, 1] = -9999, -32768
    bands = ''
    for index, nodata in enumerate((-9999, -32768)):
        write_image(source / f'b{index}', image[..., index : index + 1], nodata=nodata)
        bands += (
            f'<VRTRasterBand dataType="Int16" band="{index + 1}"><NoDataValue>{nodata}'
            '</NoDataValue><SimpleSource><SourceFilename relativeToVRT="1">'
            f'b{index}.tif</SourceFilename></SimpleSource></VRTRasterBand>'
        )
    path = source / 'v.vrt'
    path.write_text(f'<VRTDataset rasterXSize="16" rasterYSize="16">{bands}</VRTDataset>')
    cut_scenes([Scene('v', 'v', str(path))], Recipe((), (), 16), tmp_path / 'out', workers=0)
    values, missing = read_masked(tmp_path / 'out/images/v_00000_00000.tif')
    expected = read_masked(path)
    np.testing.assert_array_equal(missing, expected[1])
    np.testing.assert_array_equal(values[~missing], expected[0][~missing])
