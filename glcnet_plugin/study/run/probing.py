"""Linear probes of the frozen features of a method."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glcnet_plugin.datasets.io.masks import IGNORE
from glcnet_plugin.evaluation.confusion import confusion_scores, for_json
from glcnet_plugin.evaluation.label_free import label_free_metrics
from glcnet_plugin.evaluation.probe import linear_probe
from glcnet_plugin.models.utils.batch_norm import (
    CALIBRATION_IMAGES,
    batches_of_one_size,
    evenly_spaced,
)
from glcnet_plugin.models.utils.pixel_features import normalise
from glcnet_plugin.study.configs import finetune_config
from glcnet_plugin.study.context import StudyContext
from glcnet_plugin.study.plan import Job, probed
from glcnet_plugin.study.run.extractors import Extractor, dense_features, segmentor_features
from glcnet_plugin.study.run.probe_pixels import (
    Part,
    Pixels,
    TileReader,
    pixel_counts,
    pixels_of,
    sample_tile,
)

SCORES = ('OA', 'AA', 'Kappa', 'mIoU', 'mF1', 'IoU')


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
    cfg = finetune_config(context, job)
    extractors = [segmentor_features(context, job, cfg)]
    if job.needs is not None:
        extractors += dense_features(context.folder / job.needs)
    reader = TileReader(context, cfg)
    unlabelled = [reader.image(name)[0] for name in evenly_spaced(tiles.train, CALIBRATION_IMAGES)]
    for extractor in extractors:
        normalised = map(
            partial(normalise, extractor.features.model), batches_of_one_size(unlabelled)
        )
        extractor.calibrate(normalised, context.method_of(job).uses_tile_statistics)
    samples = {
        name: sample_tile(reader, name, count, extractors)
        for name, count in pixel_counts(reader, keys).items()
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
