"""Linear probes of the frozen features of a method."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope
from mmengine.runner import set_random_seed
from numpy.typing import NDArray
from torch import Tensor, nn

from glcnet_plugin.apis.checkpoint import load_pretrained
from glcnet_plugin.apis.features import PixelFeatures
from glcnet_plugin.datasets.descriptions import image_files, mask_file, read_classes
from glcnet_plugin.datasets.images import read_image
from glcnet_plugin.datasets.masks import IGNORE, read_mask
from glcnet_plugin.evaluation.confusion import confusion_scores, for_json
from glcnet_plugin.evaluation.probe import linear_probe
from glcnet_plugin.study.configs import finetune_config
from glcnet_plugin.study.plan import Cell, probed
from glcnet_plugin.study.settings import Study
from glcnet_plugin.study.tiles import Tiles

# Pixels per labelled list, per tile at most, and per held-out tile.
LIST_PIXELS, TILE_PIXELS, VAL_PIXELS = 6400, 400, 100
CALIBRATION = 64  # unlabelled tiles
PROBES = {
    'probe': 'all backbone stages and the encoder map',
    'probe_deep': 'the last backbone stage and the encoder map',
    'probe_dense': 'the dense map of the decoder',
}


SCORES = ('OA', 'AA', 'Kappa', 'mIoU', 'mF1', 'IoU')


class Pixels(NamedTuple):
    """Features of some pixels of a tile by probe, (P, F) each, and their classes (P,)."""

    values: dict[str, NDArray[np.float32]]
    labels: NDArray[np.int64]


class Extractor(NamedTuple):
    """A frozen network, and which of its features each probe reads, counted from the last."""

    features: PixelFeatures
    normalise: Callable[[Tensor], Tensor]
    widths: dict[str, int]


class DenseFeatures(PixelFeatures):
    """The dense map of a network that was pretrained with a local branch."""

    def forward(self, x: Tensor) -> list[Tensor]:
        """One map (B, D, h, w)."""
        network: Any = self.model
        _, dense_map = network.forward_maps(x)
        return [dense_map]


def probe_weights(
    study: Study, tiles: Tiles, lists: dict[str, Path], cell: Cell,
    weights: Path | str | None, folder: Path,
) -> list[dict[str, Any]]:  # fmt: skip
    """Probe some weights with every list of labelled tiles that takes them.

    Args:
        study: The study.
        tiles: Its tiles.
        lists: Lists of the tiles.
        cell: The probe.
        weights: Checkpoint, None for random weights of the seed of the cell.
        folder: Folder of the study.

    Returns:
        A row for each probe and list: ``kind``, ``labels``, ``seed``, ``scores`` and ``hist``.
    """
    keys = list(probed(cell, study, tiles))
    extractors = [segmentor_features(study, tiles, lists, cell, weights)]
    if cell.needs is not None:
        extractors += dense_features(folder / cell.needs, weights)
    images = image_files(Path(study.data.root, 'images'))
    unlabelled = torch.cat([raw_image(images[name]) for name in tiles.train[:CALIBRATION]])
    for extractor in extractors:
        batches: Any = torch.split(unlabelled, 16)
        extractor.features.calibrate(map(extractor.normalise, batches))
    wanted = sorted({*tiles.val, *(name for key in keys for name in tiles.labelled[key])})
    samples = {name: sample_tile(study, name, images[name], extractors) for name in wanted}
    classes = len(read_classes(study.data.root)['classes'])
    rows = []
    for kind in samples[wanted[0]].values:
        for labels, seed in keys:
            hist = fit(samples, kind, tiles.labelled[labels, seed], tiles.val, classes)
            scores = confusion_scores(hist)
            kept = {name: for_json(scores[name]) for name in SCORES}
            rows.append(
                {
                    'kind': kind,
                    'labels': labels,
                    'seed': seed,
                    'scores': kept,
                    'hist': hist.tolist(),
                }
            )
    return rows


def segmentor_features(
    study: Study, tiles: Tiles, lists: dict[str, Path], cell: Cell, weights: Path | str | None
) -> Extractor:
    """Features of the network as fine-tuning begins with it."""
    method = study.methods[cell.method]
    cfg = finetune_config(study, method, tiles, lists)
    set_random_seed(cell.seed)
    model = _build(cfg)
    if weights is not None:
        load_pretrained(model, str(weights), method.scope)
    features, normalise = PixelFeatures(model).eval(), _normaliser(model)
    some = normalise(torch.zeros(1, len(model.data_preprocessor.mean), 64, 64))
    with torch.no_grad():
        widths = [m.shape[1] for m in features(some)]
    return Extractor(features, normalise, {'probe': sum(widths), 'probe_deep': sum(widths[-2:])})


def dense_features(pretraining: Path, weights: Path | str | None) -> list[Extractor]:
    """Features of the dense map, if the pretraining compared it."""
    cfg = Config.fromfile(pretraining / 'config.py')
    if cfg.model.get('local_head') is None:
        return []
    model = _build(cfg)
    model.load_state_dict(torch.load(weights, weights_only=True)['state_dict'])  # type: ignore[arg-type]
    width = cfg.model.decode_head.num_classes
    return [Extractor(DenseFeatures(model, 'backbone'), _normaliser(model), {'probe_dense': width})]


def _build(cfg: Config) -> Any:
    """Build and initialise the network of a config, on a GPU where there is one."""
    with DefaultScope.overwrite_default_scope(cfg.default_scope):
        model = MODELS.build(cfg.model)
        model.init_weights()
    return model.cuda() if torch.cuda.is_available() else model


def _normaliser(model: nn.Module) -> Callable[[Tensor], Tensor]:
    """A function that normalises raw images as the network's training does."""
    preprocessor: Any = model.data_preprocessor
    return lambda x: (x.to(preprocessor.mean.device) - preprocessor.mean) / preprocessor.std


def raw_image(path: Path) -> Tensor:
    """(1, bands, H, W) float32."""
    return torch.from_numpy(read_image(str(path))).permute(2, 0, 1)[None].float()


def sample_tile(study: Study, name: str, path: Path, extractors: Sequence[Extractor]) -> Pixels:
    """Features of some pixels of a tile, the same pixels for every network."""
    rng = np.random.default_rng(list(name.encode()))
    mask = read_mask(mask_file(study.data.root, name))
    y, x = (rng.integers(0, side, TILE_PIXELS) for side in mask.shape)
    points = torch.from_numpy(np.stack([x, y], 1))[None]
    found: dict[str, NDArray[np.float32]] = {}
    image = raw_image(path)
    for features, normalise, widths in extractors:
        batch = normalise(image)
        values = features.at(batch, points.to(batch.device))[0].cpu().numpy()
        found |= {kind: values[:, -width:] for kind, width in widths.items()}
    return Pixels(found, mask[y, x].astype(np.int64))


def fit(
    samples: dict[str, Pixels], kind: str, train: Sequence[str], val: Sequence[str], classes: int
) -> NDArray[np.int64]:
    """Fit a logistic regression and score it.

    Args:
        samples: Features by name of the tile.
        kind: Which of them.
        train: Names of the labelled tiles; few tiles give more pixels each.
        val: Names of the held-out tiles.
        classes: Number of classes.

    Returns:
        (classes, classes) confusion matrix, rows truth.
    """
    parts: list[NDArray[Any]] = []
    for names, most in ((train, max(1, LIST_PIXELS // len(train))), (val, VAL_PIXELS)):
        parts.append(np.concatenate([samples[name].values[kind][:most] for name in names]))
        parts.append(np.concatenate([samples[name].labels[:most] for name in names]))
    known = parts[1] != IGNORE
    return linear_probe(parts[0][known], parts[1][known], parts[2], parts[3], classes)
