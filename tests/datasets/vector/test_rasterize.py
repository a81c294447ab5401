import json

import numpy as np
import pytest
import rasterio
from drawn import (
    CRS,
    LEFT,
    NORTH_UP,
    PIXEL,
    TOP,
    rectangle,
    write_drawn,
    write_raster,
    write_scene,
)  # fmt: skip
from rasterio import Affine

from glcnet_plugin.datasets.analysis.check_sources import inputs_from_folder
from glcnet_plugin.datasets.analysis.dataset_check import check_dataset
from glcnet_plugin.datasets.folder import FolderSegDataset
from glcnet_plugin.datasets.io import blocks
from glcnet_plugin.datasets.io.folder_format import read_classes, read_manifest
from glcnet_plugin.datasets.io.images import read_masked
from glcnet_plugin.datasets.io.masks import read_mask
from glcnet_plugin.datasets.tiling.folder_writer import write_mask
from glcnet_plugin.datasets.tiling.labelled_folder import cut_folder
from glcnet_plugin.datasets.vector import rasterize
from glcnet_plugin.datasets.vector.labels import read_labels
from glcnet_plugin.datasets.vector.rasterize import link_image, rasterize_labels
from glcnet_plugin.errors import DataError, StorageError

EAST = NORTH_UP @ Affine.translation(16, 0)


@pytest.fixture
def two_scenes(tmp_path):
    """Two scenes of 16 x 16 px side by side, and one far away."""
    far = NORTH_UP @ Affine.translation(1000, 0)
    return [
        write_scene(tmp_path / f'raw/{name}.tif', transform=place)
        for name, place in (('west', NORTH_UP), ('east', EAST), ('far', far))
    ]


@pytest.fixture
def drawn(tmp_path):
    """Across both scenes, one overlap, one below another, one without a pixel, one outside."""
    shapes = [
        ('road', rectangle(2, 10, 2, 12)),  # 12 columns to the west and east of column 16
        ('field', rectangle(3, 8, 4, 4)),
        ('road', rectangle(4, 9, 1, 1)),
        ('field', rectangle(4, 9, 1, 1)),
        ('road', rectangle(12, 2, 0.3, 0.3)),
        ('road', rectangle(500, 500, 4, 4)),
    ]
    return read_labels(write_drawn(tmp_path / 'drawn.gpkg', shapes), 'class')


def expected_masks():
    both = np.full((16, 32), 255, np.uint8)
    both[2:4, 10:22] = 1
    both[3:7, 8:12] = 0
    return {'west': both[:, :16], 'east': both[:, 16:]}


def issues_of(folder):
    inputs = inputs_from_folder(folder, {})
    report = check_dataset(inputs.samples, inputs.expected, 0)
    return [issue for issue in inputs.issues + report.issues if issue.level != 'note']


def test_a_labelled_folder(two_scenes, drawn, tmp_path):
    out = tmp_path / 'out'
    rasterize_labels(drawn, two_scenes, out)
    masks = expected_masks()
    for name, mask in masks.items():
        np.testing.assert_array_equal(read_mask(out / f'masks/{name}.tif'), mask)
        with rasterio.open(out / f'masks/{name}.tif') as raster:
            assert raster.crs == CRS and raster.nodata == 255
            assert raster.tags()['CLASS_0'] == 'field' and raster.tags()['CLASS_1'] == 'road'
            assert raster.transform == {'west': NORTH_UP, 'east': EAST}[name]
    assert sorted(p.name for p in (out / 'masks').iterdir()) == ['east.tif', 'west.tif']
    assert sorted(p.name for p in (out / 'images').iterdir()) == ['east.tif', 'west.tif']
    assert (out / 'images/west.tif').resolve() == two_scenes[0].resolve()
    assert read_classes(out)['classes'] == ['field', 'road']
    row = read_manifest(out)[1]
    assert [row[key] for key in ('name', 'group', 'crs', 'left', 'top')] == [
        'west', 'west', CRS, str(LEFT), str(TOP)
    ]  # fmt: skip


def test_what_was_burnt(two_scenes, drawn, tmp_path):
    burnt = rasterize_labels(drawn, two_scenes, tmp_path / 'out')
    pixels = [sum(int((mask == i).sum()) for mask in expected_masks().values()) for i in (0, 1)]
    assert pixels == [16, 2 * 12 - 2] == burnt.pixels.tolist()
    assert burnt.area == pytest.approx(np.array(pixels) * (PIXEL / 0.9996) ** 2, rel=1e-5)
    assert burnt.features.tolist() == [2, 1] and burnt.scenes == ['east', 'west']
    # 2 px of the first two, and the road inside of the field, which shows nothing
    assert burnt.overlap == 3
    assert [note.replace(drawn.path, 'FILE') for note in burnt.notes] == [
        '1 feature(s) (id 6) of FILE lie outside of every scene',
        '2 feature(s) (id 3, 5) of FILE show no pixel: without the centre of one, or below later '
        'features',
        'scenes without labels are left out: 1, such as far',
    ]


def test_windows_do_not_show(two_scenes, drawn, tmp_path, monkeypatch):
    monkeypatch.setattr(blocks, 'BLOCK', 512)
    wide = [write_scene(tmp_path / 'raw2/wide.tif', 520, 1030)]
    burnt = rasterize_labels(drawn, wide, tmp_path / 'out')
    ids = read_mask(tmp_path / 'out/masks/wide.tif')
    assert ids.shape == (520, 1030) and burnt.pixels.tolist() == [16, 22 + 16]
    np.testing.assert_array_equal(ids[:16, :32], np.hstack([*expected_masks().values()]))
    # rows 500 to 504 of a block, and the columns
    assert (ids[500:504, 500:504] == 1).all() and (ids != 255).sum() == 16 + 22 + 16


def test_the_folder_is_checked_cut_and_read(two_scenes, drawn, tmp_path):
    out, tiles = tmp_path / 'out', tmp_path / 'tiles'
    rasterize_labels(drawn, two_scenes, out)
    assert issues_of(out) == []
    summary = cut_folder(out, tiles, 4, workers=0, labelled_only=True)
    names = {row['name'] for row in read_manifest(tiles)}
    assert names == {
        f'{scene}_{y:05d}_{x:05d}'
        for scene, mask in expected_masks().items()
        for y in range(0, 16, 4)
        for x in range(0, 16, 4)
        if (mask[y : y + 4, x : x + 4] != 255).any()
    }
    assert f'{32 - len(names)} tiles without data or labels left out' in summary.lines()
    assert {path.stem for path in (tiles / 'masks').iterdir()} == names
    assert issues_of(tiles) == []
    dataset = FolderSegDataset(data_root=str(tiles))
    assert len(dataset) == len(names) and dataset.metainfo['classes'] == ['field', 'road']


def test_files_beside_a_scene_come_along(tmp_path):
    image = np.full((8, 8, 3), 9, np.uint8)
    scene = write_raster(tmp_path / 'raw/scene.tif', image)
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=False), rasterio.open(scene, 'r+') as raster:
        raster.write_mask(np.eye(8, dtype=bool))
    assert (tmp_path / 'raw/scene.tif.msk').exists()
    link_image(scene, tmp_path / 'images')
    missing = read_masked(tmp_path / 'images/scene.tif')[1]
    np.testing.assert_array_equal(missing.all(-1), ~np.eye(8, dtype=bool))


def test_scenes_may_lie_in_the_folder_but_no_other_file_is_replaced(drawn, tmp_path):
    scene = write_scene(tmp_path / 'out/images/west.tif')
    before = scene.read_bytes()
    rasterize_labels(drawn, [scene], tmp_path / 'out')
    assert not scene.is_symlink() and scene.read_bytes() == before
    other = write_scene(tmp_path / 'raw/west.tif')
    with pytest.raises(DataError, match=r'west.tif is another file than'):
        rasterize_labels(drawn, [other], tmp_path / 'out', force=True)
    assert scene.read_bytes() == before


def test_masks_are_replaced_when_asked(two_scenes, drawn, tmp_path):
    out = tmp_path / 'out'
    rasterize_labels(drawn, two_scenes, out)
    with pytest.raises(DataError, match='is a labelled folder: .* --force'):
        rasterize_labels(drawn, two_scenes, out)
    rasterize_labels(drawn, two_scenes[:1], out, force=True)
    assert [row['name'] for row in read_manifest(out)] == ['west']
    assert [p.name for p in (out / 'masks').iterdir()] == ['west.tif']
    assert [p.name for p in (out / 'images').iterdir()] == ['west.tif']


def test_labels_that_meet_no_scene(two_scenes, drawn, tmp_path):
    with pytest.raises(
        DataError, match=r'shows a pixel on one of the 1 scenes: in EPSG:32643, .*far.tif spans x '
        r'502000..502032, y .*; the labels span x 500004..501008, .*--crs'
    ):  # fmt: skip
        rasterize_labels(drawn, two_scenes[2:], tmp_path / 'out')
    assert not (tmp_path / 'out/manifest.csv').exists()


def test_scenes_that_cannot_be_used(two_scenes, drawn, tmp_path):
    plain = write_scene(tmp_path / 'plain.tif', crs=None)
    with pytest.raises(DataError, match='plain.tif has no CRS'):
        rasterize_labels(drawn, [plain], tmp_path / 'out')
    twin = write_scene(tmp_path / 'raw/west.tiff')
    with pytest.raises(DataError, match='have one name: remove one'):
        rasterize_labels(drawn, [*two_scenes, twin], tmp_path / 'out')
    with pytest.raises(DataError, match='vsicurl.* is no file to link to'):
        rasterize_labels(drawn, ['/vsicurl/https://example.org/a.tif'], tmp_path / 'out')


def test_a_mask_that_cannot_be_written(two_scenes, drawn, tmp_path):
    (tmp_path / 'out').mkdir()
    (tmp_path / 'out/masks').write_text('no folder')
    with pytest.raises(StorageError, match=r'masks/east.tif could not be written'):
        rasterize_labels(drawn, two_scenes, tmp_path / 'out')


def test_points_with_a_radius(two_scenes, tmp_path):
    path = write_drawn(tmp_path / 'p.gpkg', [('road', rectangle(2, 2, 1, 1).centroid)])
    labels = read_labels(path, 'class')
    assert rasterize_labels(labels, two_scenes, tmp_path / 'a').pixels.tolist() == [1]
    # the centre and its four neighbours lie within 1.2 px of the centre of a pixel
    burnt = rasterize_labels(labels, two_scenes, tmp_path / 'b', point_radius=1.2 * PIXEL)
    assert burnt.pixels.tolist() == [5]
    assert json.loads((tmp_path / 'b/classes.json').read_text())['classes'][0]['name'] == 'road'


def test_a_scene_is_not_replaced_by_its_mask(drawn, tmp_path):
    scene = write_scene(tmp_path / 'out/masks/west.tif')
    before = scene.read_bytes()
    with pytest.raises(DataError, match='west.tif is read, and .* would be written over it'):
        rasterize_labels(drawn, [scene], tmp_path / 'out', force=True)
    assert scene.read_bytes() == before


def test_masks_made_by_hand_are_kept(drawn, tmp_path):
    """They, and classes.json, were replaced where there was no manifest.csv."""
    out = tmp_path / 'out'
    scene = write_scene(out / 'images/west.tif')
    (out / 'masks').mkdir()
    write_mask(out / 'masks/west.png', np.zeros((16, 16), np.uint8), [(1, 2, 3)])
    before = {p: p.read_bytes() for p in out.rglob('*.*')}
    with pytest.raises(
        DataError, match=r'west\.png is there, and was made in another way: .*--force'
    ):
        rasterize_labels(drawn, [scene], out)
    assert {p: p.read_bytes() for p in out.rglob('*.*')} == before
    rasterize_labels(drawn, [scene], out, force=True)
    assert [p.name for p in (out / 'masks').iterdir()] == ['west.tif']  # the PNG would be read


def test_a_killed_run_goes_on(two_scenes, drawn, tmp_path, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    out = tmp_path / 'out'
    monkeypatch.setattr(rasterize, 'write_description', killed)
    with pytest.raises(KeyboardInterrupt):
        rasterize_labels(drawn, two_scenes, out)
    monkeypatch.undo()
    assert len(list((out / 'masks').iterdir())) == 2
    with pytest.raises(DataError, match='the tool that makes it has not finished'):
        cut_folder(out, tmp_path / 'tiles', 4, 0)
    rasterize_labels(drawn, two_scenes[:1], out)
    assert [p.name for p in (out / 'masks').iterdir()] == ['west.tif']
    assert sorted(p.name for p in out.iterdir()) == [
        'classes.json', 'images', 'manifest.csv', 'masks'
    ]  # fmt: skip
