"""Linear probes of the frozen features of a method."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from glcnet_plugin.datasets.io.folder_format import image_files
from glcnet_plugin.datasets.io.images import read_image
from glcnet_plugin.datasets.io.masks import IGNORE
from glcnet_plugin.evaluation.confusion import confusion_scores, for_json
from glcnet_plugin.evaluation.label_free import label_free_metrics
from glcnet_plugin.evaluation.pixel_sampling import pixels_per_tile, sample_pixels
from glcnet_plugin.evaluation.probe import linear_probe
from glcnet_plugin.models.utils.batch_norm import (
    CALIBRATION_IMAGES,
    batches_of_one_size,
    evenly_spaced,
)
from glcnet_plugin.models.utils.pixel_features import normalise
from glcnet_plugin.study.context import StudyContext
from glcnet_plugin.study.plan import Job, probed
from glcnet_plugin.study.run.extractors import Extractor, dense_features, segmentor_features
from glcnet_plugin.study.tiles import Tiles, read_labels

VAL_PIXELS, VAL_TILE_PIXELS = 40_000, 100  # of all held-out tiles, and at most of each
SCORES = ('OA', 'AA', 'Kappa', 'mIoU', 'mF1', 'IoU')

Part = tuple[str, slice]  # name of a network, and which of its features


class Pixels(NamedTuple):
    """Features of some pixels of a tile, (P, F) per network, and their classes (P,)."""

    values: dict[str, NDArray[np.float32]]
    labels: NDArray[np.int64]

    def features(self, parts: Sequence[Part], most: int | None = None) -> NDArray[np.float32]:
        """Parts side by side, (P, F), of the first pixels."""
        return np.concatenate([self.values[name][:most, part] for name, part in parts], axis=1)


def probe_weights(context: StudyContext, job: Job) -> dict[str, Any]:
    """Probe the weights of a method with every list of labelled tiles that belongs to them.

    Args:
        context: The study.
        job: The probe; without a checkpoint, its seed gives random weights.

    Returns:
        ``rows``, one for each probe and list: ``kind``, ``labels``, ``seed``, ``scores`` and
        ``hist``; and ``label_free``, numbers about the features of each kind.
    """
    study, tiles = context.study, context.tiles
    keys = list(probed(job, study, tiles))
    extractors = [segmentor_features(context, job)]
    if job.needs is not None:
        extractors += dense_features(context.folder / job.needs)
    images = image_files(Path(study.data.root, 'images'))
    chosen = evenly_spaced(tiles.train, CALIBRATION_IMAGES)
    unlabelled = [raw_image(images[name])[0] for name in chosen]
    for extractor in extractors:
        normalised = map(
            partial(normalise, extractor.features.model), batches_of_one_size(unlabelled)
        )
        extractor.calibrate(normalised, context.method_of(job).uses_tile_statistics)
    samples = {
        name: sample_tile(study.data.root, name, images[name], count, extractors)
        for name, count in pixel_counts(tiles, keys).items()
    }
    classes = len(context.classes['classes'])
    rows, label_free = [], {}
    for kind, parts in features_of_probes(extractors).items():
        values = [samples[name].features(parts) for name in tiles.val]
        label_free[kind] = label_free_metrics(np.concatenate(values))
        for labels, seed in keys:
            names = tiles.labelled[labels, seed]
            hist = fit(samples, parts, names, tiles.val, classes)
            scores = confusion_scores(hist)
            kept = {name: for_json(scores[name]) for name in SCORES}
            rows.append({'kind': kind, 'labels': labels, 'seed': seed, 'scores': kept,
                         'hist': hist.tolist()})  # fmt: skip
    return {'rows': rows, 'label_free': label_free}


def features_of_probes(extractors: Sequence[Extractor]) -> dict[str, list[Part]]:
    """What each probe reads.

    Args:
        extractors: The network of the fine-tuning, and that of the dense map where there is one.

    Returns:
        Parts by kind of probe; with a dense map, one probe reads all of both.
    """
    probes = {
        kind: [(one.name, columns)] for one in extractors for kind, columns in one.columns.items()
    }
    if len(extractors) > 1:
        probes['probe_all'] = [(one.name, slice(None)) for one in extractors]
    return probes


def pixels_of(tiles: int, scored: bool) -> int:
    """Pixels that a probe reads per tile: the fewer tiles, the more."""
    return pixels_per_tile(tiles, VAL_PIXELS, VAL_TILE_PIXELS) if scored else pixels_per_tile(tiles)


def pixel_counts(tiles: Tiles, keys: Sequence[tuple[int, int]]) -> dict[str, int]:
    """Pixels to read of each tile, by name."""
    counts = dict.fromkeys(tiles.val, pixels_of(len(tiles.val), True))
    for key in keys:
        names = tiles.labelled[key]
        for name in names:
            counts[name] = max(counts.get(name, 0), pixels_of(len(names), False))
    return counts


def raw_image(path: Path) -> Tensor:
    """(1, bands, H, W) float32."""
    return torch.from_numpy(read_image(str(path))).permute(2, 0, 1)[None].float()


def sample_tile(
    root: str, name: str, path: Path, count: int, extractors: Sequence[Extractor]
) -> Pixels:
    """Features of some pixels of a tile, the same pixels for every network.

    Args:
        root: Labelled folder.
        name: Name of the tile.
        path: Its image.
        count: Number of pixels; a larger number starts with the same ones.
        extractors: Networks.

    Returns:
        Features by network, and classes.
    """
    points, labels = sample_pixels(read_labels(root, name), name, count)
    batched = torch.from_numpy(points)[None]
    values: dict[str, NDArray[np.float32]] = {}
    image = raw_image(path)
    for extractor in extractors:
        batch = normalise(extractor.features.model, image)
        sampled = extractor.features.at(batch, batched.to(batch.device))[0]
        values[extractor.name] = sampled.cpu().numpy()
    return Pixels(values, labels)


def fit(
    samples: dict[str, Pixels], parts: Sequence[Part], train: Sequence[str], val: Sequence[str],
    classes: int,
) -> NDArray[np.int64]:  # fmt: skip
    """Fit a logistic regression and score it.

    Args:
        samples: Pixels by name of the tile.
        parts: Features that are used.
        train: Names of the labelled tiles.
        val: Names of the held-out tiles.
        classes: Number of classes.

    Returns:
        (classes, classes) confusion matrix, rows truth.
    """
    data: list[NDArray[Any]] = []
    for names, scored in ((train, False), (val, True)):
        most = pixels_of(len(names), scored)
        data.append(np.concatenate([samples[name].features(parts, most) for name in names]))
        data.append(np.concatenate([samples[name].labels[:most] for name in names]))
    known = data[1] != IGNORE
    return linear_probe(data[0][known], data[1][known], data[2], data[3], classes)
