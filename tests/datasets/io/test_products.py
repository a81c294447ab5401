import numpy as np
import pytest
import rasterio
from PIL import Image, PngImagePlugin

from glcnet_plugin.datasets.io.products import PRODUCT, is_product, products_among
from glcnet_plugin.datasets.tiling.folder_writer import write_image
from glcnet_plugin.inference.map_writer import MapWriter


@pytest.fixture
def scene(tmp_path):
    return write_image(tmp_path / 'a', np.ones((8, 8, 4), np.uint8))


def finished_map(path, names=('class',)):
    writer = MapWriter(path, (8, 8), {}, {}, names)
    writer.write(((0, 8), (0, 8)), np.ones((len(names), 8, 8), np.uint8))
    return writer.finish({})


def test_maps_are_products(tmp_path, scene):
    found = finished_map(tmp_path / 'a_map.tif')
    certain = finished_map(tmp_path / 'a_confidence.tif', ('confidence', 'entropy'))
    stopped = MapWriter(tmp_path / 'a_like.tif', (8, 8), {}, {}).part
    picture, text = tmp_path / 'a_features.png', PngImagePlugin.PngInfo()
    text.add_text(PRODUCT, 'features')
    Image.new('RGB', (4, 4)).save(picture, pnginfo=text)
    assert products_among([scene, found, certain, stopped, picture]) == {
        found, certain, stopped, picture,
    }  # fmt: skip


def test_names_alone_make_no_product(tmp_path, scene):
    other = scene.rename(tmp_path / 'b_map.tif')
    broken = tmp_path / 'c_map.tif'
    broken.touch()
    Image.new('RGB', (4, 4)).save(tmp_path / 'd_map.png')
    paths = [other, broken, tmp_path / 'd_map.png', tmp_path / 'e_map.npy']
    assert products_among(paths) == set()


def test_masks_of_a_folder_are_found_by_the_first(tmp_path, monkeypatch):
    (tmp_path / 'masks').mkdir()
    masks = [write_image(tmp_path / f'masks/{n}', np.ones((8, 8, 4), np.uint8)) for n in 'ab']
    for mask in masks:
        with rasterio.open(mask, 'r+') as raster:
            raster.update_tags(CLASS_0='road')  # as earlier versions did
    images = [write_image(tmp_path / n, np.ones((8, 8, 4), np.uint8)) for n in 'abc']
    asked = []

    def counted(path):
        asked.append(path)
        return is_product(path)

    monkeypatch.setattr('glcnet_plugin.datasets.io.products.is_product', counted)
    assert products_among([*images, *masks]) == set(masks)
    assert set(asked) == {images[0], *masks}
