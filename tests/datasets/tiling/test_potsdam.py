import shutil
import zipfile

import numpy as np
import pytest

from glcnet_plugin.datasets.io.folder_format import read_manifest
from glcnet_plugin.datasets.io.images import image_info, read_image
from glcnet_plugin.datasets.io.lists import read_list
from glcnet_plugin.datasets.io.masks import read_mask
from glcnet_plugin.datasets.isprs import PotsdamDataset
from glcnet_plugin.datasets.tiling.folder_writer import write_image
from glcnet_plugin.datasets.tiling.potsdam import BANDS, convert_potsdam
from glcnet_plugin.errors import DataError

# impervious, building, low vegetation (cyan), tree, car (yellow), clutter; then the boundary,
# cars as in the published 6_7, low vegetation as in 4_12, and a colour that is no class
COLOURS = [
    (255, 255, 255), (0, 0, 255), (0, 255, 255), (0, 255, 0), (255, 255, 0), (255, 0, 0),
    (0, 0, 0), (252, 255, 0), (9, 222, 221), (255, 0, 255),
]  # fmt: skip
IDS = [0, 1, 2, 3, 4, 5, 255, 4, 2, 255]
MASK = np.repeat(np.array(COLOURS, np.uint8)[None], 2, axis=1).repeat(20, axis=0)


def write_tiff(path, values):
    """Three bands as the publisher has them: a plain TIFF without names."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_image(path.with_suffix(''), values, nodata=None, band_names=['x'] * values.shape[2])


@pytest.fixture
def published(tmp_path):
    """Three scenes in unpacked folders, of which the last has no mask."""
    folder = tmp_path / 'Potsdam'
    for name in ('2_10', '6_7', '7_13'):
        for place, bands in (('2_Ortho_RGB', 'RGB'), ('4_Ortho_RGBIR', 'RGBIR')):
            image = np.random.randint(0, 255, (20, 20, len(BANDS[bands]))).astype(np.uint8)
            write_tiff(folder / place / place / f'top_potsdam_{name}_{bands}.tif', image)
        (folder / f'2_Ortho_RGB/2_Ortho_RGB/top_potsdam_{name}_RGB.tfw').write_text('1')
        if name != '7_13':
            for end in ('label', 'label_noBoundary'):
                write_tiff(folder / f'5_{end}/top_potsdam_{name}_{end}.tif', MASK)
    write_tiff(folder / '5_label/top_potsdam_7_13_other.tif', MASK)
    return folder


@pytest.mark.parametrize('labels', ['all', 'noBoundary'])
def test_every_colour(published, tmp_path, labels):
    done = convert_potsdam(published, tmp_path / 'out', 0, labels=labels, workers=0)
    mask = read_mask(tmp_path / 'out/masks/6_7.png')
    assert mask[3, ::2].tolist() == IDS
    unknown = {'#FF00FF': 80} | ({'#000000': 80} if labels == 'all' else {})
    taken = {'#FCFF00 taken for #FFFF00': 80, '#09DEDD taken for #00FFFF': 80}
    assert done.odd.snapped == taken and done.odd.unknown == unknown
    assert '#FF00FF (80 px)' in done.lines()[-1] and 'unknown' in done.lines()[-1]


@pytest.mark.parametrize('bands', ['RGB', 'RGBIR'])
def test_tiles_names_and_lists(published, tmp_path, bands, capsys):
    out = tmp_path / 'out'
    convert_potsdam(published, out, 16, bands, workers=0)
    assert capsys.readouterr().out == '1 images have no mask and are left out: 7_13\n'
    rows = read_manifest(out)
    assert {(row['source'], row['group']) for row in rows} == {('2_10', '2_10'), ('6_7', '6_7')}
    place = {'RGB': '2_Ortho_RGB', 'RGBIR': '4_Ortho_RGBIR'}[bands]
    for row in rows:
        name = f'top_potsdam_{row["source"]}_{bands}.tif'
        image = read_image(published / place / place / name)
        y, x = int(row['y']), int(row['x'])
        path = out / f'images/{row["name"]}.tif'
        np.testing.assert_array_equal(read_image(path), image[y : y + 16, x : x + 16])
        assert image_info(path).band_names == BANDS[bands]
    assert read_list(out / 'splits/train.txt') == [row['name'] for row in rows]
    assert len(PotsdamDataset(str(out), 'splits/train.txt', pipeline=[])) == 8


def test_official_scenes_make_the_split(published, tmp_path):
    write_tiff(published / '5_label/top_potsdam_7_13_label.tif', MASK)
    convert_potsdam(published, tmp_path / 'out', 16, workers=0)
    assert [name[:4] for name in read_list(tmp_path / 'out/splits/val.txt')] == ['7_13'] * 4
    assert len(PotsdamDataset.TRAIN_SCENES) == 24 and len(PotsdamDataset.TEST_SCENES) == 14


def test_archives_give_the_same_tiles(published, tmp_path):
    packed = tmp_path / 'packed'
    packed.mkdir()
    for folder in published.iterdir():
        shutil.make_archive(str(packed / folder.name), 'zip', folder)
    with zipfile.ZipFile(tmp_path / 'Potsdam.zip', 'w') as outer:
        for path in packed.iterdir():
            outer.write(path, f'Potsdam/{path.name}')
    sources = {'a': published, 'b': packed, 'c': tmp_path / 'Potsdam.zip'}
    for name, source in sources.items():
        assert convert_potsdam(source, tmp_path / name, 16, workers=0).tiles == 8
    for path in (tmp_path / 'a').glob('*s/*_0*.*'):
        for other in 'bc':
            copy = tmp_path / other / path.relative_to(tmp_path / 'a')
            assert copy.read_bytes() == path.read_bytes()


def test_nothing_to_convert(published, tmp_path):
    with pytest.raises(DataError, match=r'looked for top_potsdam_X_Y_IRRG.tif and .*_label.tif in'):
        convert_potsdam(published, tmp_path / 'out', bands='IRRG')
