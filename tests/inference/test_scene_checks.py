import pytest
import rasterio
import torch
from rasterio.enums import ColorInterp

from glcnet_plugin.errors import ConfigError, DataError
from glcnet_plugin.inference.scene import predict_scene


def test_other_bands_are_refused_before_the_first_window(make_model, write_scene, tmp_path):
    path, _ = write_scene(70, 70)
    with pytest.raises(DataError, match='has 3 bands, but the network takes 4'):
        predict_scene(path, make_model(bands=4), tmp_path / 'maps')
    with rasterio.open(path, 'r+') as raster:
        for index, name in enumerate(('blue', 'green', 'red'), 1):
            raster.set_band_description(index, name)
    model = make_model(band_names=['red', 'green', 'blue'])
    with pytest.raises(DataError, match='are blue, green, red; the network was trained on red, gr'):
        predict_scene(path, model, tmp_path / 'maps')
    model = make_model(loading={'bands': [2, 1, 0]}, band_names=['red', 'green', 'blue'])
    predict_scene(path, model, tmp_path / 'maps')


def test_more_classes_than_a_map_holds(make_model, write_scene, tmp_path):
    path, _ = write_scene(70, 70)
    with pytest.raises(ConfigError, match='up to 255 classes'):
        predict_scene(path, make_model(classes=256), tmp_path / 'maps')


def test_values_in_another_unit_are_noted(make_model, write_scene, tmp_path):
    path, image = write_scene(70, 70)
    model = make_model()
    call = model.network.data_preprocessor
    for mean, noted in ((float(image.mean()), []), (10_000.0, [0, 1, 2])):

        def preprocessor(data, training):
            return call(data, training)

        preprocessor.mean = torch.full((3, 1, 1), mean)
        preprocessor.std = torch.full((3, 1, 1), 80.0)
        vars(model.network)['data_preprocessor'] = preprocessor
        notes = predict_scene(path, model, tmp_path / 'maps').notes
        assert [int(note.split()[1]) for note in notes] == noted
    assert 'the network was trained on 1e+04 ± 80: is it in the same unit?' in notes[0]


def test_bands_that_the_scene_does_not_name_are_refused_before_the_first_window(
    make_model, write_scene, tmp_path
):
    path, _ = write_scene(40, 40)
    model = make_model(loading={'bands': ['nir', 'red', 'green']})
    with pytest.raises(DataError, match=r"scene.tif has no bands named \['nir', 'red', 'green'\]"):
        predict_scene(path, model, tmp_path / 'maps')
    model = make_model(loading={'bands': [1, 2, 3]})
    with pytest.raises(DataError, match='has 3 bands, cannot choose'):
        predict_scene(path, model, tmp_path / 'maps')


def test_bands_by_index_in_another_order_than_the_training_are_refused(
    make_model, write_scene, tmp_path
):
    path, _ = write_scene(40, 40)
    with rasterio.open(path, 'r+') as raster:
        for index, name in enumerate(('blue', 'green', 'red'), 1):
            raster.set_band_description(index, name)
    model = make_model(loading={'bands': [0, 1, 2]}, band_names=['red', 'green', 'blue'])
    with pytest.raises(DataError, match='are blue, green, red; the network was trained on red, gr'):
        predict_scene(path, model, tmp_path / 'maps')
    # of other names, nobody knows the order
    model = make_model(loading={'bands': [0, 1, 2]}, band_names=['B4', 'B3', 'B2'])
    predict_scene(path, model, tmp_path / 'maps')


@pytest.mark.filterwarnings('ignore::numpy.exceptions.ComplexWarning')
def test_complex_values_are_refused(make_model, write_scene, tmp_path):
    path, _ = write_scene(40, 40, dtype='complex64')
    with pytest.raises(DataError, match='has complex values .complex64.*: give their amplitude'):
        predict_scene(path, make_model(), tmp_path / 'maps')


@pytest.mark.parametrize(
    ('mean', 'std', 'noted'),
    [
        (3000.0, 1500.0, True),  # 12-bit, and the scene is 8-bit: less than 4 deviations
        (200.0, 60.0, False),
        (100.0, 1500.0, False),  # 0 is an ordinary value
    ],
)
def test_values_in_a_smaller_unit_are_noted(make_model, write_scene, tmp_path, mean, std, noted):
    path, _ = write_scene(70, 70)
    model = make_model()
    call = model.network.data_preprocessor

    def preprocessor(data, training):
        return call(data, training)

    preprocessor.mean, preprocessor.std = torch.full((3,), mean), torch.full((3,), std)
    vars(model.network)['data_preprocessor'] = preprocessor
    notes = predict_scene(path, model, tmp_path / 'maps').notes
    assert [note for note in notes if 'in the same unit' in note] == notes
    assert len(notes) == noted and all('have means of 1' in note for note in notes)


def test_colours_in_another_order_are_noted(make_model, write_scene, tmp_path):
    """Without names, bands that are marked as blue, green and red went unnoticed."""
    path, _ = write_scene(40, 40)
    model = make_model(band_names=['R', 'G', 'B'])
    assert predict_scene(path, model, tmp_path / 'maps').notes == []
    with rasterio.open(path, 'r+') as raster:
        raster.colorinterp = [ColorInterp.blue, ColorInterp.green, ColorInterp.red]
    (note,) = predict_scene(path, model, tmp_path / 'maps').notes
    assert 'marks its bands 3, 2, 1 as red, green and blue, the network was trained on R' in note
    assert predict_scene(path, make_model(), tmp_path / 'maps').notes == []


def test_other_words_for_the_bands_are_noted(make_model, write_scene, tmp_path):
    path, _ = write_scene(40, 40)
    with rasterio.open(path, 'r+') as raster:
        for index, name in enumerate(('B4', 'B3', 'B2'), 1):
            raster.set_band_description(index, name)
    (note,) = predict_scene(path, make_model(band_names=['R', 'G', 'B']), tmp_path / 'maps').notes
    assert 'are B4, B3, B2, the network was trained on R, G, B' in note
