import numpy as np
import pytest
import torch

from glcnet_plugin.datasets.transforms import photometric_base
from glcnet_plugin.datasets.transforms.photometric import RandomBandCopy
from glcnet_plugin.datasets.transforms.photometric_base import WarnOnce, affine, restore


def test_integers_are_rounded_and_clipped_to_their_type():
    values = np.array([[-3.0, 1.6, 70000.0]], np.float32)
    assert restore(values, np.zeros(1, np.uint8)).tolist() == [[0, 2, 255]]
    assert restore(values, np.zeros(1, np.int16)).tolist() == [[-3, 2, 32767]]
    np.testing.assert_array_equal(restore(values, np.zeros(1, np.float32)), values)


@pytest.mark.parametrize('dtype', [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize('bands', [1, 3, 13])
def test_bands_are_shifted_and_scaled_on_their_own(dtype, bands):
    image = np.random.randint(0, 250, (5, 7, bands)).astype(dtype)
    copy, (before, gain, after) = image.copy(), np.random.rand(3, bands)
    values = affine(image, before, gain, after)
    assert values.dtype == np.float32
    np.testing.assert_allclose(values, (image - before) * gain + after, rtol=1e-5)
    np.testing.assert_array_equal(affine(image, 0, 2, 1), image * 2.0 + 1)
    for turned in (np.flip(image, 1), np.rot90(image), image.transpose(1, 2, 0)):  # views
        np.testing.assert_array_equal(affine(turned, 0, 2, 1), turned * 2.0 + 1)
    np.testing.assert_array_equal(image, copy)


class Warning_(torch.utils.data.Dataset):
    def __init__(self):
        self.warn = WarnOnce()

    def __len__(self):
        return 4

    def __getitem__(self, index):
        before = bool(self.warn.said)
        self.warn('text')
        return before


def test_workers_warn_once_together(monkeypatch):
    monkeypatch.setattr(photometric_base, 'print_log', lambda *_, **__: None)
    data = Warning_()
    loader = torch.utils.data.DataLoader(data, batch_size=1, num_workers=1)
    assert [bool(said) for said in loader] == [False, True, True, True]
    assert bool(data.warn.said)  # the process that started them knows it, too


@pytest.mark.parametrize(
    ('known', 'low', 'width'),
    [
        ((-25, 0), [-25, -25], [25, 25]),
        (np.array([[-25, 0], [0, 2000]]), [-25, 0], [25, 2000]),
        (None, [2, 102], [96, 96]),  # 2nd and 98th percentile of 0..100
    ],
)
def test_range_of_values(known, low, width):
    ramp = np.arange(101, dtype=np.float32).reshape(101, 1)
    image = np.stack([ramp, ramp + 100], -1)
    sample = {} if known is None else {'value_range': known}
    result = RandomBandCopy().value_range(image, sample)
    np.testing.assert_allclose(result, [low, width], rtol=1e-6)
    eight_bit = RandomBandCopy().value_range(image.astype(np.uint8), sample)
    np.testing.assert_array_equal(eight_bit, [[0, 0], [255, 255]])
