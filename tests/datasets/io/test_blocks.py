import cv2
import numpy as np
import pytest

from glcnet_plugin.datasets.io import blocks
from glcnet_plugin.datasets.io.images import image_info


@pytest.mark.parametrize('suffix', ['.tif', '.png', '.npy'])
def test_blocks_cover_an_image_once(tmp_path, monkeypatch, suffix):
    monkeypatch.setattr(blocks, 'BLOCK', 16)
    image = np.random.randint(0, 255, (40, 50, 3)).astype(np.uint8)
    path = tmp_path / f'x{suffix}'
    if suffix == '.npy':
        np.save(path, image)
    else:
        cv2.imwrite(str(path), image[..., ::-1])
    parts = [part for part, _ in blocks.read_blocks(path, image_info(path))]
    rows = [np.concatenate(parts[i : i + 4], 1) for i in (0, 4, 8)]
    np.testing.assert_array_equal(np.concatenate(rows), image)
