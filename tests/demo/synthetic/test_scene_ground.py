import numpy as np
from synthetic.scene_ground import Look, parcel_map, smooth_noise


def test_noise_is_centred_and_smooth():
    noise = smooth_noise(np.random.default_rng(0), 256, 16)
    assert noise.shape == (256, 256) and abs(noise.mean()) < 0.3 and 0.5 < noise.std() < 1.6
    assert np.abs(np.diff(noise)).mean() < 0.15


def test_parcels_are_numbered_from_zero():
    parcels = parcel_map(np.random.default_rng(0), 300, 1.0)
    assert parcels.shape == (300, 300) and len(np.unique(parcels)) > 4


def test_looks_differ_and_stay_in_range():
    looks = [Look.draw(np.random.default_rng(seed)) for seed in range(30)]
    scales = [look.scale for look in looks]
    assert 0.75 <= min(scales) < 0.9 and 1.2 < max(scales) <= 1.4
    assert all(abs(np.hypot(*look.sun) - 1) < 1e-6 for look in looks)
