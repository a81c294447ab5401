import numpy as np
from scene_windows import by_whole, by_window, compare, draw_jobs, write_scene, write_tiled

from glcnet_plugin.datasets.io.images import image_info, read_image


def test_both_ways_read_the_same_windows(tmp_path):
    write_scene(tmp_path / 'x.tif', 600)
    info = image_info(tmp_path / 'x.tif')
    assert (info.height, info.width, info.bands, info.crs) == (600, 600, 3, 'EPSG:32643')
    write_tiled(tmp_path / 'x.tif', tmp_path / 'y.tif')
    whole = read_image(tmp_path / 'x.tif')
    np.testing.assert_array_equal(read_image(tmp_path / 'y.tif'), whole)
    for job in draw_jobs([tmp_path / 'x.tif', tmp_path / 'y.tif'], 5):
        np.testing.assert_array_equal(by_window(job), by_whole(job))
    assert set(compare([tmp_path / 'x.tif'], 2, 1)) == {
        'windows_per_s', 'whole_then_cut_per_s', 'ratio'
    }  # fmt: skip
