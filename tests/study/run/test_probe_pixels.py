import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import rasterio
from PIL import Image

from glcnet_plugin.datasets.io.folder_format import image_files
from glcnet_plugin.datasets.io.masks import IGNORE, read_mask
from glcnet_plugin.study.configs import finetune_config
from glcnet_plugin.study.context import prepare_study
from glcnet_plugin.study.run.extractors import Extractor
from glcnet_plugin.study.run.probe_pixels import (
    TileReader,
    pixel_counts,
    pixels_of,
    sample_tile,
)
from glcnet_plugin.study.settings import read_study
from glcnet_plugin.study.tiles import write_lists

PROBE = 'probe/random/seed0'


@pytest.fixture
def reader(context, jobs):
    return TileReader(context, finetune_config(context, jobs[PROBE]))


class Coordinates:
    """Features that are the places they are asked for."""

    model = SimpleNamespace(data_preprocessor=lambda batch, training: batch)

    def at(self, _, points):
        return points.float()


PLACES = Extractor('places', Coordinates(), {}, str.isidentifier)


def test_more_pixels_of_fewer_tiles():
    assert [pixels_of(n, False) for n in (4, 16, 160, 20_000)] == [400, 400, 40, 1]
    assert [pixels_of(n, True) for n in (80, 8064)] == [100, 4]


def test_a_tile_gives_as_many_pixels_as_the_smallest_list_asks_for(reader):
    tiles = reader.tiles
    counts = pixel_counts(reader, [(2, 0), (4, 0)])
    assert set(counts) == {*tiles.val, *tiles.labelled[4, 0]}
    assert counts[tiles.val[0]] == 100 and counts[tiles.labelled[2, 0][0]] == 400


def test_labels_are_those_of_the_places(reader, scenes):
    for name in reader.tiles.val[:2]:
        pixels = sample_tile(reader, name, 300, [PLACES])
        x, y = pixels.values['places'].astype(int).T
        assert (x.min(), y.min()) < (10, 10) and (x.max(), y.max()) > (150, 150)
        mask = read_mask(scenes / 'masks' / f'{name}.png')
        np.testing.assert_array_equal(mask[y, x], pixels.labels)
        fewer = sample_tile(reader, name, 20, [PLACES])
        np.testing.assert_array_equal(fewer.labels, pixels.labels[:20])


@pytest.fixture
def changed(scenes, study_file, tmp_path):
    """A reader of a copy of the tiles, after a change to every tile."""
    root = tmp_path / 'changed'

    def make(change):
        shutil.copytree(scenes, root)
        for name, path in image_files(root / 'images').items():
            change(path, root / f'masks/{name}.png')
        study = read_study(study_file, options={'data.root': str(root)})
        context = prepare_study(study, tmp_path / 'study')
        write_lists(context.tiles, context.folder / 'lists')
        (job,) = (job for job in context.plan if job.name == PROBE)
        return TileReader(context, finetune_config(context, job))

    return make


@pytest.mark.parametrize('missing', [-9999, np.nan])
def test_nodata_is_filled_as_in_a_fine_tuning(changed, missing):
    """A probe read -9999, and NaN ended it."""

    def leave_out(image, _):
        values = np.asarray(Image.open(image)).astype(np.float32).transpose(2, 0, 1)
        values[:, :20] = missing
        bands, height, width = values.shape
        shape = dict(count=bands, height=height, width=width, dtype='float32', nodata=missing)
        with rasterio.open(Path(image).with_suffix('.tif'), 'w', driver='GTiff', **shape) as file:
            file.write(values)
        Path(image).unlink()

    reader = changed(leave_out)
    image = reader.image(reader.tiles.val[0])
    assert image.isfinite().all() and image.min() >= 0
    assert image[0, :, :20].eq(0).all() and image[0, :, 20:].gt(0).any()


def test_between_polygons_labelled_pixels_are_drawn(changed):
    """A score came from a single pixel: the others that were drawn had no label."""

    def leave_a_patch(_, mask):
        values = np.asarray(Image.open(mask)).copy()
        side = 8 if values[0, 0] % 2 else 16
        values[side:] = values[:, side:] = IGNORE
        Image.fromarray(values).save(mask)

    reader = changed(leave_a_patch)
    tiles = reader.tiles
    name = tiles.labelled[2, 0][0]
    known = reader.known[name][0]
    assert known in (64, 256)
    pixels = sample_tile(reader, name, 400, [PLACES])
    assert len(pixels.labels) == known and (pixels.labels != IGNORE).all()
    assert pixels.values['places'].max() < 16
    fewer = sample_tile(reader, name, 30, [PLACES])
    assert len(fewer.labels) == 30
    # of held-out tiles as many as they have labels, in proportion
    counts = pixel_counts(reader, [])
    assert counts == {name: 100 if reader.known[name][0] == 256 else 25 for name in tiles.val}


def test_a_tile_without_labels_gives_pixels_that_do_not_count(changed):
    seen = []

    def leave_one_pixel(_, mask):
        seen.append(mask)
        values = np.full_like(np.asarray(Image.open(mask)), IGNORE)
        values[0, 0] = 0 if len(seen) % 2 else IGNORE
        Image.fromarray(values).save(mask)

    reader = changed(leave_one_pixel)
    (name, *_) = (name for name, (known, _) in reader.known.items() if not known)
    assert (sample_tile(reader, name, 3, [PLACES]).labels == IGNORE).all()
