import numpy as np
import pytest
from mmengine.registry import DATASETS
from PIL import Image
from torch.utils.data import DataLoader

from glcnet_plugin.datasets.scenes import UnlabeledSceneDataset
from glcnet_plugin.datasets.tiling.folder_writer import write_image
from glcnet_plugin.errors import ConfigError, DataError


@pytest.fixture
def folder(tmp_path):
    """Scenes whose values say scene and place: (y, x, scene)."""
    for scene, (height, width) in enumerate(((40, 60), (20, 30))):
        y, x = np.mgrid[:height, :width]
        image = np.stack([y, x, np.full_like(y, scene)], 2).astype(np.uint16)
        write_image(tmp_path / f's{scene}', image)
    return tmp_path


def build(folder, **more):
    more = {
        'window_size': 16,
        'pipeline': [dict(type='glcnet_plugin.LoadRSImage')],
        'num_windows': 50,
        **more,
    }
    return DATASETS.build(
        dict(type='glcnet_plugin.UnlabeledSceneDataset', data_root=str(folder), **more)
    )


def corners(dataset):
    samples = (dataset[i] for i in range(len(dataset)))
    return [tuple(int(v) for v in s['img'][0, 0][[2, 0, 1]]) for s in samples]


def test_windows_show_what_their_place_says(folder):
    for i in range(20):
        sample = build(folder)[i]
        y, x, height, width = sample['window']
        assert sample['img'].shape == (16, 16, 3) == (height, width, 3)
        assert sample['img'][0, 0, :2].tolist() == [y, x]
        assert sample['img'][-1, -1, :2].tolist() == [y + 15, x + 15]


def test_every_place_is_equally_likely(folder):
    """Places: 25 x 45 in the first scene, 5 x 15 in the second."""
    found = np.array(corners(build(folder, num_windows=4000)))
    share = (found[:, 0] == 1).mean()
    expected = 75 / (1125 + 75)
    assert share == pytest.approx(expected, abs=4 * np.sqrt(expected / 4000))
    first = found[found[:, 0] == 0]
    assert (first[:, 1].min(), first[:, 1].max()) == (0, 24)
    assert (first[:, 2].min(), first[:, 2].max()) == (0, 44)


def test_the_same_seed_gives_the_same_windows_and_new_ones_each_epoch(folder):
    dataset = build(folder)
    np.random.seed(3)
    first, second = corners(dataset), corners(dataset)
    np.random.seed(3)
    assert corners(dataset) == first != second


def test_ranks_with_one_seed_draw_different_windows(folder):
    """MM seeds the main process of every rank alike; what differs are the indices."""
    dataset = build(folder)
    np.random.seed(0)
    even = [dataset.get_data_info(i)['window'] for i in range(0, 50, 2)]
    np.random.seed(0)
    odd = [dataset.get_data_info(i)['window'] for i in range(1, 50, 2)]
    assert sum(a == b for a, b in zip(even, odd, strict=True)) <= 2


def seed_worker(worker):
    np.random.seed(100 + worker)


def test_workers_give_the_same_windows_for_the_same_seed(folder):
    def windows():
        dataset = build(folder, num_windows=12)
        loader = DataLoader(dataset, 3, num_workers=2, worker_init_fn=seed_worker, collate_fn=list)
        return [sample['window'] for batch in loader for sample in batch]

    assert windows() == windows()


def test_an_epoch_covers_the_area_once_by_default(folder):
    assert len(build(folder, num_windows=None)) == round((40 * 60 + 20 * 30) / 256)


def test_windows_without_enough_data_are_drawn_again(tmp_path):
    image = np.zeros((32, 64, 1), np.float32)
    image[:, 48:] = 1
    write_image(tmp_path / 'x', image, nodata=0)
    dataset = build(tmp_path, max_nodata=0.25)
    for i in range(20):
        x = dataset[i]['window'][1]
        assert x >= 44  # 12 of 16 columns
    write_image(tmp_path / 'x', np.zeros((32, 64, 1), np.float32), nodata=0)
    with pytest.raises(DataError, match=r'100 windows in a row have more than 50% nodata.*x.tif'):
        build(tmp_path)[0]


def test_a_list_of_addresses(folder):
    (folder / 'list.txt').write_text('s1.tif\n')
    assert {scene for scene, _, _ in corners(build(folder, ann_file='list.txt'))} == {1}


def test_damaged_part_of_a_scene_is_skipped_and_counted(tmp_path):
    image = np.random.randint(0, 255, (64, 64, 5)).astype(np.uint8)
    path = write_image(tmp_path / 'x', image)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    dataset = build(tmp_path, on_error='skip', max_skips=10**6)
    assert len([dataset[i] for i in range(10)]) == 10
    assert dataset.num_skipped > 0


def test_problems(folder, tmp_path):
    with pytest.raises(DataError, match=r's1.tif is 20x30 px, smaller than a window of 32x32'):
        build(folder, window_size=32)
    with pytest.raises(ConfigError, match=r'max_nodata must lie in \[0, 1\), got 1'):
        build(folder, max_nodata=1)
    with pytest.raises(ConfigError, match='num_windows must be positive, got 0'):
        build(folder, num_windows=0)
    (folder / 's0.tif').write_bytes(b'x')
    with pytest.raises(DataError, match=r'cannot decode image .*s0.tif'):
        UnlabeledSceneDataset(str(folder))


def test_scenes_that_cannot_be_used_are_skipped_on_request(folder):
    (folder / 's0.tif').write_bytes(b'x')
    dataset = build(folder, on_error='skip')
    assert {scene for scene, _, _ in corners(dataset)} == {1} and dataset.num_skipped == 1
    (folder / 's1.tif').write_bytes(b'x')
    with pytest.raises(DataError, match='no scene below .* can be used'):
        build(folder, on_error='skip')


def test_windows_of_transparent_ground_are_not_drawn(tmp_path):
    image = np.full((32, 64, 4), 9, np.uint8)
    image[:, :32, 3] = 0
    Image.fromarray(image).save(tmp_path / 'x.png')
    options = dict(window_size=8, num_windows=40, max_nodata=0)
    columns = {}
    for alpha in ('data', 'mask'):
        dataset = UnlabeledSceneDataset(str(tmp_path), alpha=alpha, **options)
        columns[alpha] = [dataset.get_data_info(i)['window'][1] for i in range(40)]
    assert min(columns['mask']) >= 32 > min(columns['data'])
