import numpy as np
import pytest

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.inference.block_predictor import BlockPredictor, Tiling, average, decide


@pytest.mark.parametrize('size', [(200, 150), (64, 64), (63, 40), (65, 130)])
@pytest.mark.parametrize('block', [500, 70])
def test_windows_give_what_the_whole_scene_gives(make_model, write_scene, size, block, whole):
    """The margin of 4 px is wider than the 2 px that the network sees around a pixel."""
    path, image = write_scene(*size)
    model = make_model()
    predictor = BlockPredictor(str(path), size, model, Tiling(64, 16, 4, block, 3))
    expected = whole(model, image)
    for top in range(0, size[0], block):
        for left in range(0, size[1], block):
            part = ((top, min(top + block, size[0])), (left, min(left + block, size[1])))
            _, values, errors = predictor(part)
            rows, columns = (slice(*span) for span in part)
            np.testing.assert_array_equal(values[0], expected[:, rows, columns].argmax(0))
            chosen = 100 * expected[:, rows, columns].max(0)
            assert np.abs(values[1] - chosen).max() < 0.51 and errors == []


def test_a_batch_holds_as_many_windows_as_it_may(make_model, write_scene):
    path, _ = write_scene(64, 64 + 48 * 4)
    model = make_model()
    BlockPredictor(str(path), (64, 256), model, Tiling(64, 16, 4, 500, 3))(((0, 64), (0, 256)))
    assert model.network.calls == 2  # five windows


def test_what_is_missing_stays_so(make_model, write_scene):
    path, image = write_scene(100, 100, nodata=0)
    image[:, 20:40, 10:70] = 0  # missing in all bands
    image[0, 60:70] = 0  # dark in one
    import rasterio

    with rasterio.open(path, 'r+') as raster:
        raster.write(image)
    predictor = BlockPredictor(str(path), (100, 100), make_model(), Tiling(64, 16, 4))
    values = predictor(((0, 100), (0, 100)))[1]
    empty = (image == 0).all(0)
    assert empty[20:40, 10:70].all() and (values[:, empty] == 255).all()
    assert (values[0][~empty] < 3).all()


def test_damaged_places_are_counted(make_model, write_scene, monkeypatch):
    from glcnet_plugin.errors import DataError
    from glcnet_plugin.inference import block_predictor

    path, _ = write_scene(64, 208)
    read = block_predictor.read_masked

    def damaged(scene, bands, window, **others):
        if window[1] == 48:
            raise DataError('scene.tif is damaged there')
        return read(scene, bands, window, **others)

    monkeypatch.setattr(block_predictor, 'read_masked', damaged)
    predictor = BlockPredictor(str(path), (64, 208), make_model(), Tiling(64, 16, 4))
    _, values, errors = predictor(((0, 64), (0, 208)))
    assert errors == ['scene.tif is damaged there']
    assert (values[0, :, 48:112] == 255).all() and (values[0, :, :48] < 3).all()


def test_entropy_and_confidence_of_known_probabilities():
    sums = np.array([[[1.0, 2.0]], [[0.0, 2.0]]], np.float32)  # certain; two equal ones
    values = decide(sums, np.array([[1.0, 4.0]], np.float32), np.zeros((1, 2), bool))
    assert values[:, 0].tolist() == [[0, 0], [100, 50], [0, 100]]
    alone = decide(sums, np.array([[1.0, 4.0]], np.float32), np.zeros((1, 2), bool), False)
    np.testing.assert_array_equal(alone, values[:1])
    empty = decide(sums, np.array([[0.0, 4.0]], np.float32), np.array([[False, True]]))
    assert (empty == 255).all()


@pytest.mark.parametrize(
    ('settings', 'message'),
    [((64, 16, 8), 'less than half of the overlap of 16 px, got 8'), ((64, 40, 0), 'overlap must'),
     ((64, 16, 2, 0), 'at least 1, got 0 and 8')],
)  # fmt: skip
def test_impossible_tilings(settings, message):
    with pytest.raises(ConfigError, match=message):
        Tiling(*settings)


LOWEST = -3.4e38  # that many programs write for nodata, often without saying so


def test_where_the_network_gives_no_number_there_is_no_class(make_model, write_scene):
    """The largest of NaN was class 0."""
    path, image = write_scene(100, 100, dtype='float32')
    image = image.astype(np.float32)
    image[:, 30:40, 10:50] = LOWEST
    import rasterio

    with rasterio.open(path, 'r+') as raster:
        raster.write(image)
    model = make_model()
    preprocess = model.network.data_preprocessor
    model.network.data_preprocessor = lambda data, training: {  # a small deviation
        key: value if value is None else value * 1000 for key, value in preprocess(data, 0).items()
    }
    predictor = BlockPredictor(str(path), (100, 100), model, Tiling(64, 16, 4))
    values, errors = predictor(((0, 100), (0, 100)))[1:]
    assert (values[:, 30:40, 10:50] == 255).all()
    near = np.zeros((100, 100), bool)
    near[28:42, 8:52] = True  # two pixels around, which the network sees
    assert (values[0, ~near] < 3).all()
    assert (
        'the network gives NaN or infinity for 616 px of the window at row 0, column 0' in errors[0]
    )


def test_sums_without_weight_are_zero():
    sums = np.array([[[6.0, 5.0]], [[2.0, 1e30]]], np.float32)
    found = average(sums, np.array([[4.0, 0.0]], np.float32))
    np.testing.assert_array_equal(found, [[[1.5, 0]], [[0.5, 0]]])
