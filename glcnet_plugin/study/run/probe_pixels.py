"""The pixels that probes read, from tiles as a fine-tuning reads them."""

from collections.abc import Sequence
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import DATASETS, DefaultScope
from numpy.typing import NDArray
from torch import Tensor

from glcnet_plugin.datasets.io.folder_format import image_files
from glcnet_plugin.datasets.io.masks import IGNORE
from glcnet_plugin.engine.labelled_tiles import base_datasets, load_image
from glcnet_plugin.evaluation.pixel_sampling import (
    SPARSE,
    pixels_per_tile,
    sample_pixels,
    sample_sparse,
)
from glcnet_plugin.models.utils.pixel_features import normalise
from glcnet_plugin.study.context import StudyContext
from glcnet_plugin.study.run.extractors import Extractor
from glcnet_plugin.study.tiles import read_labels

VAL_PIXELS, VAL_TILE_PIXELS = 40_000, 100  # of all held-out tiles, and at most of each

Part = tuple[str, slice]  # name of a network, and which of its features


class Pixels(NamedTuple):
    """Features of some pixels of a tile, (P, F) per network, and their classes (P,)."""

    values: dict[str, NDArray[np.float32]]
    labels: NDArray[np.int64]

    def features(self, parts: Sequence[Part], most: int | None = None) -> NDArray[np.float32]:
        """Parts side by side, (P, F), of the first pixels."""
        return np.concatenate([self.values[name][:most, part] for name, part in parts], axis=1)


class TileReader:
    """Images and labels of a study.

    Args:
        context: The study.
        cfg: Config of a fine-tuning, whose network takes the images.
    """

    def __init__(self, context: StudyContext, cfg: Config) -> None:
        with DefaultScope.overwrite_default_scope(cfg.default_scope):
            dataset = DATASETS.build(cfg.train_dataloader.dataset)
        self.dataset = next(base_datasets(dataset))
        self.tiles = context.tiles
        self.root = context.study.data.root
        self.images = image_files(Path(self.root, 'images'))
        labelled = sorted({name for part in self.tiles.labelled.values() for name in part})
        self.known = {name: self._known(name) for name in {*labelled, *self.tiles.val}}
        self.sparse = {
            name: self._are_sparse(names) for names in (labelled, self.tiles.val) for name in names
        }

    def image(self, name: str) -> Tensor:
        """An image, (1, bands, H, W) float32, with nodata filled and the bands of the config."""
        image = load_image(self.dataset, {'img_path': str(self.images[name])})
        return torch.from_numpy(image).permute(2, 0, 1)[None].float()

    def draw(self, name: str, count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Draw pixels of a tile, (P, 2) and (P,); a larger number starts with the same ones."""
        some = self.sparse[name] and self.known[name][0]
        draw: Any = sample_sparse if some else sample_pixels
        points, labels = draw(read_labels(self.root, name), name, count)
        return points, labels

    def _known(self, name: str) -> tuple[int, int]:
        """Labelled pixels of a tile, and all."""
        mask = read_labels(self.root, name)
        return int((mask != IGNORE).sum()), mask.size

    def _are_sparse(self, names: Sequence[str]) -> bool:
        """Whether most pixels of some tiles have no label, so that most draws would miss."""
        known, total = np.sum([self.known[name] for name in names], axis=0)
        return bool(known < SPARSE * total)


def pixels_of(tiles: int, scored: bool) -> int:
    """Pixels that a probe reads per tile: the fewer tiles, the more."""
    return pixels_per_tile(tiles, VAL_PIXELS, VAL_TILE_PIXELS) if scored else pixels_per_tile(tiles)


def pixel_counts(reader: TileReader, keys: Sequence[tuple[int, int]]) -> dict[str, int]:
    """Pixels to read of each tile, by name.

    Of held-out tiles with few labels, as many as each has labelled ones in proportion, so that a
    score weighs pixels as that of a fine-tuning does.
    """
    tiles = reader.tiles
    scored = pixels_of(len(tiles.val), True)
    counts = dict.fromkeys(tiles.val, scored)
    most = max(reader.known[name][0] for name in tiles.val)
    for name in tiles.val:
        if reader.sparse[name] and most:
            counts[name] = max(1, ceil(scored * reader.known[name][0] / most))
    for key in keys:
        names = tiles.labelled[key]
        for name in names:
            counts[name] = max(counts.get(name, 0), pixels_of(len(names), False))
    return counts


def sample_tile(
    reader: TileReader, name: str, count: int, extractors: Sequence[Extractor]
) -> Pixels:
    """Features of some pixels of a tile, the same pixels for every network.

    Args:
        reader: Of the tiles.
        name: Name of the tile.
        count: Number of pixels, see :meth:`TileReader.draw`.
        extractors: Networks.

    Returns:
        Features by network, and classes.
    """
    points, labels = reader.draw(name, count)
    batched = torch.from_numpy(points)[None]
    values: dict[str, NDArray[np.float32]] = {}
    image = reader.image(name)
    for extractor in extractors:
        batch = normalise(extractor.features.model, image)
        sampled = extractor.features.at(batch, batched.to(batch.device))[0]
        values[extractor.name] = sampled.cpu().numpy()
    return Pixels(values, labels)
