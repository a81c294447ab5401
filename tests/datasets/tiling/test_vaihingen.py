import shutil

import numpy as np
import pytest

from glcnet_plugin.datasets.io.folder_format import read_manifest
from glcnet_plugin.datasets.io.images import image_info, read_image
from glcnet_plugin.datasets.io.lists import read_list
from glcnet_plugin.datasets.io.masks import read_mask
from glcnet_plugin.datasets.isprs import VaihingenDataset
from glcnet_plugin.datasets.tiling.folder_writer import write_image
from glcnet_plugin.datasets.tiling.vaihingen import convert_vaihingen
from glcnet_plugin.errors import DataError

# classes in their order, then the boundary, and a colour that is no class
COLOURS = [
    (255, 255, 255), (0, 0, 255), (0, 255, 255), (0, 255, 0), (255, 255, 0), (255, 0, 0),
    (0, 0, 0), (252, 255, 0), (9, 222, 221), (255, 0, 255),
]  # fmt: skip
IDS = [0, 1, 2, 3, 4, 5, 255, 4, 2, 255]
MASK = np.repeat(np.array(COLOURS, np.uint8)[None], 2, axis=1).repeat(20, axis=0)
NAME = 'top_mosaic_09cm_area'
BASE = 'ISPRS_semantic_labeling_Vaihingen'


def write_tiff(path, values):
    path.parent.mkdir(parents=True, exist_ok=True)
    write_image(path.with_suffix(''), values, ['x', 'x', 'x'])


@pytest.fixture
def published(tmp_path):
    """Areas 1 (train), 2 and 10 (test), and area 9, of which there is a mask only."""
    folder = tmp_path / 'Vaihingen'
    for area in (1, 2, 10):
        image = np.random.randint(0, 255, (20, 20, 3)).astype(np.uint8)
        write_tiff(folder / f'{BASE}/top/{NAME}{area}.tif', image)
        write_tiff(folder / f'{BASE}_ground_truth_COMPLETE/{NAME}{area}.tif', MASK)
    write_tiff(folder / f'{BASE}/gts_for_participants/{NAME}1.tif', MASK)
    for area in (1, 2, 9):
        path = f'{BASE}_ground_truth_eroded_COMPLETE/{NAME}{area}_noBoundary.tif'
        write_tiff(folder / path, MASK)
    return folder


def pack(published):
    for path in list(published.iterdir()):
        shutil.make_archive(str(path), 'zip', path)
        shutil.rmtree(path)


@pytest.mark.parametrize('packed', [False, True])
def test_images_and_masks_of_one_name_are_told_apart(published, tmp_path, packed):
    image = read_image(published / f'{BASE}/top/{NAME}10.tif')
    if packed:
        pack(published)
    out = tmp_path / 'out'
    done = convert_vaihingen(published, out, 16, workers=0)
    assert done.tiles == 12 and done.odd.unknown['#000000'] == 3 * 40
    assert [row['source'] for row in read_manifest(out)][::4] == ['1', '2', '10']
    path = out / 'images/10_00004_00004.tif'
    np.testing.assert_array_equal(read_image(path), image[4:, 4:])
    assert image_info(path).band_names == ('IR', 'R', 'G')
    assert read_mask(out / 'masks/10_00004_00004.png')[0, ::2].tolist() == IDS[2:]
    assert {name.split('_')[0] for name in read_list(out / 'splits/val.txt')} == {'2', '10'}
    assert len(VaihingenDataset(str(out), 'splits/train.txt', pipeline=[])) == 4


@pytest.mark.parametrize('packed', [False, True])
def test_eroded_masks(published, tmp_path, capsys, packed):
    if packed:
        pack(published)
    done = convert_vaihingen(published, tmp_path / 'out', 0, labels='noBoundary', workers=0)
    assert done.scenes == 2 and '#000000' not in done.odd.unknown
    assert capsys.readouterr().out == '1 images have no mask and are left out: 10\n'
    assert read_mask(tmp_path / 'out/masks/2.png')[0, ::2].tolist() == IDS


def test_masks_of_the_first_archive_suffice(published, tmp_path):
    shutil.rmtree(published / f'{BASE}_ground_truth_COMPLETE')
    assert convert_vaihingen(published, tmp_path / 'out', 0, workers=0).scenes == 1


def test_nothing_to_convert(published, tmp_path):
    with pytest.raises(
        DataError, match=r'looked for top/.*areaN\.tif outside of a folder named "top"'
    ):
        convert_vaihingen(published / BASE / 'top', tmp_path / 'out')


def test_the_official_lists():
    assert len(VaihingenDataset.TRAIN_SCENES) == 16 and len(VaihingenDataset.TEST_SCENES) == 17


@pytest.mark.parametrize('labels', ['all', 'noBoundary'])
def test_all_archives_unpacked_into_one_folder(published, tmp_path, labels):
    """Masks of the complete ground truth then lie beside the folder of the images."""
    one = tmp_path / 'one'
    shutil.copytree(published / BASE, one)
    for end in ('', '_eroded'):
        shutil.copytree(published / f'{BASE}_ground_truth{end}_COMPLETE', one, dirs_exist_ok=True)
    write_tiff(one / f'gts_for_participants/{NAME}1.tif', MASK[:8])  # a damaged copy
    done = convert_vaihingen(one, tmp_path / 'out', 0, labels, workers=0)
    assert done.scenes == (3 if labels == 'all' else 2)
    assert read_mask(tmp_path / 'out/masks/2.png').shape == (20, 20)
