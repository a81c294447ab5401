"""Linear probes of the frozen features of a method."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope
from mmengine.runner import set_random_seed
from numpy.typing import NDArray
from torch import Tensor

from glcnet_plugin.checkpoints.loading import load_pretrained, scope_filter
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
from glcnet_plugin.models.utils.pixel_features import PixelFeatures, normalise
from glcnet_plugin.study.configs import finetune_config, other_bands
from glcnet_plugin.study.context import WEIGHTS, StudyContext
from glcnet_plugin.study.plan import Job, probed
from glcnet_plugin.study.tiles import Tiles, read_labels

VAL_PIXELS, VAL_TILE_PIXELS = 40_000, 100  # of all held-out tiles, and at most of each
SCORES = ('OA', 'AA', 'Kappa', 'mIoU', 'mF1', 'IoU')


class Pixels(NamedTuple):
    """Features of some pixels of a tile, (P, F) per network, and their classes (P,)."""

    values: dict[str, NDArray[np.float32]]
    labels: NDArray[np.int64]


class Extractor(NamedTuple):
    """A frozen network, which of its features each probe reads, and which weights were loaded."""

    name: str
    features: PixelFeatures
    columns: dict[str, slice]
    is_loaded: Callable[[str], bool]

    def calibrate(self, images: Iterable[Tensor], everywhere: bool) -> None:
        """Estimate the statistics of batch normalisation, by default only where none were loaded.

        Args:
            images: (B, bands, H, W) normalised images each.
            everywhere: Whether loaded statistics are replaced, too.
        """
        model = self.features.model
        kept = {k: v.clone() for k, v in model.state_dict().items() if self.is_loaded(k)}
        self.features.calibrate(images)
        if not everywhere:
            model.load_state_dict(kept, strict=False)


class DenseFeatures(PixelFeatures):
    """The dense map of a network that was pretrained with a local branch."""

    def forward(self, x: Tensor) -> list[Tensor]:
        """One map (B, D, h, w)."""
        network: Any = self.model
        _, dense_map = network.forward_maps(x)
        return [dense_map]


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
    for extractor in extractors:
        for kind, columns in extractor.columns.items():
            values = [samples[name].values[extractor.name][:, columns] for name in tiles.val]
            label_free[kind] = label_free_metrics(np.concatenate(values))
            for labels, seed in keys:
                names = tiles.labelled[labels, seed]
                hist = fit(samples, extractor.name, columns, names, tiles.val, classes)
                scores = confusion_scores(hist)
                kept = {name: for_json(scores[name]) for name in SCORES}
                rows.append({'kind': kind, 'labels': labels, 'seed': seed, 'scores': kept,
                             'hist': hist.tolist()})  # fmt: skip
    return {'rows': rows, 'label_free': label_free}


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


def segmentor_features(context: StudyContext, job: Job) -> Extractor:
    """Features of the network that a fine-tuning would start from."""
    cfg = finetune_config(context, job)
    set_random_seed(job.seed)
    model, scope = _build(cfg), context.method_of(job).scope
    is_loaded: Callable[[str], bool] = _nothing
    if (weights := context.weights_of(job)) is not None:
        load_pretrained(model, str(weights), scope, inflate=other_bands(cfg))
        is_loaded = scope_filter(model.state_dict(), scope)
    features = PixelFeatures(model).eval()
    some = normalise(model, torch.zeros(1, len(model.data_preprocessor.mean), 64, 64))
    with torch.no_grad():
        *_, last, encoder = [m.shape[1] for m in features(some)]
    if features.style_source == 'backbone':  # its last stage is the encoder map
        last, encoder = encoder, 0
    columns = {
        'probe': slice(None),
        'probe_deep': slice(-last - encoder, None),
        'probe_last': slice(-last - encoder, -encoder or None),
    }
    return Extractor('segmentor', features, columns, is_loaded)


def _nothing(key: str) -> bool:
    """No key: of random weights."""
    return False


def dense_features(pretraining: Path) -> list[Extractor]:
    """Features of the dense map of a pretraining with a local branch; none for others."""
    cfg = Config.fromfile(pretraining / 'config.py')
    if cfg.model.get('local_head') is None:
        return []
    model = _build(cfg)
    state = torch.load(pretraining / WEIGHTS, map_location='cpu', weights_only=True)
    model.load_state_dict(state['state_dict'])
    features = DenseFeatures(model, 'backbone')
    return [
        Extractor('dense', features, {'probe_dense': slice(None)}, model.state_dict().__contains__)
    ]


def _build(cfg: Config) -> Any:
    """Build and initialise the network of a config, on a GPU where there is one."""
    with DefaultScope.overwrite_default_scope(cfg.default_scope):
        model = MODELS.build(cfg.model)
        model.init_weights()
    return model.cuda() if torch.cuda.is_available() else model


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
    samples: dict[str, Pixels], network: str, columns: slice, train: Sequence[str],
    val: Sequence[str], classes: int,
) -> NDArray[np.int64]:  # fmt: skip
    """Fit a logistic regression and score it.

    Args:
        samples: Pixels by name of the tile.
        network: Name of the network whose features are used.
        columns: Which of its features.
        train: Names of the labelled tiles.
        val: Names of the held-out tiles.
        classes: Number of classes.

    Returns:
        (classes, classes) confusion matrix, rows truth.
    """
    parts: list[NDArray[Any]] = []
    for names, scored in ((train, False), (val, True)):
        most = pixels_of(len(names), scored)
        values = [samples[name].values[network][:most, columns] for name in names]
        parts.append(np.concatenate(values))
        parts.append(np.concatenate([samples[name].labels[:most] for name in names]))
    known = parts[1] != IGNORE
    return linear_probe(parts[0][known], parts[1][known], parts[2], parts[3], classes)
