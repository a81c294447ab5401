r"""Kappa of a network that is fine-tuned on generated radar images in decibels, over seeds.

Three bands of backscatter, -25 to 0 dB, and three classes that differ by about a deviation in each
band; the data pipeline and network of the demo's fine-tuning.

Example:
    python benchmarks/radar_finetuning.py
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from measure import report
from mmengine.config import Config
from mmengine.registry import DATASETS, MODELS, DefaultScope
from numpy.typing import NDArray

from glcnet_plugin.datasets.tiling.folder_writer import write_description, write_image, write_mask
from glcnet_plugin.evaluation.confusion import confusion_scores

CONFIG = Path(__file__).parents[1] / 'configs/downstream/d3plus_r18w16_1xb8-120i_demo.py'
CLASSES = ['water', 'field', 'forest']
COLOURS = [(0, 0, 255), (255, 255, 0), (0, 128, 0)]
DECIBELS = np.array([[-19.0, -22.0, -18.0], [-14.0, -19.0, -15.0], [-10.0, -14.0, -12.0]])
BATCH = 8


def make_radar(folder: Path, tiles: int, side: int = 96) -> None:
    """Write a labelled folder of tiles; each has an offset of its own, as passes have.

    Args:
        folder: Where to write it.
        tiles: Number of tiles.
        side: Of a tile in pixels.
    """
    rng = np.random.default_rng(0)
    rows = []
    for part in ('images', 'masks'):
        (folder / part).mkdir(parents=True, exist_ok=True)
    for index in range(tiles):
        blocks = rng.integers(0, len(CLASSES), (side // 24, side // 24))
        ids = np.kron(blocks, np.ones((24, 24), int))
        speckle = rng.normal(0, 2.5, (side, side, 3)) + rng.normal(0, 0.5, 3)
        image = np.clip(DECIBELS[ids] + speckle, -25, 0).astype(np.float32)
        write_image(folder / 'images' / f't{index:03d}', image)
        write_mask(folder / 'masks' / f't{index:03d}.png', ids.astype(np.uint8), COLOURS)
        rows.append({'name': f't{index:03d}', 'group': str(index % 4)})
    write_description(folder, CLASSES, COLOURS, rows)


def kappa(folder: Path, seed: int, steps: int) -> float:
    """Fine-tune on three quarters of the tiles, and score on the rest.

    Args:
        folder: See :func:`make_radar`.
        seed: Of weights and batches.
        steps: Optimizer steps.

    Returns:
        Cohen's Kappa.
    """
    torch.manual_seed(seed)
    np.random.seed(seed)
    cfg = Config.fromfile(CONFIG)
    cfg.model.decode_head.num_classes = len(CLASSES)
    cfg.model.data_preprocessor.update(mean=[-15.0] * 3, std=[5.0] * 3)
    folder_set = dict(type='glcnet_plugin.FolderSegDataset', data_root=str(folder))
    with DefaultScope.overwrite_default_scope('mmseg'):
        model: Any = MODELS.build(cfg.model)
        train = DATASETS.build(
            dict(folder_set, groups=['0', '1', '2'], pipeline=cfg.train_pipeline)
        )
        val = DATASETS.build(dict(folder_set, groups=['3'], pipeline=cfg.test_pipeline))
    optimizer = torch.optim.Adam(model.parameters(), 5e-3, weight_decay=1e-5)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    model.train()
    for _ in range(steps):
        samples = [train[int(index)] for index in np.random.randint(len(train), size=BATCH)]
        losses = model(**model.data_preprocessor(_collated(samples), True), mode='loss')
        optimizer.zero_grad()
        model.parse_losses(losses)[0].backward()
        optimizer.step()
        schedule.step()
    return float(confusion_scores(_confusion(model.eval(), val))['Kappa'])


def _collated(samples: list[Any]) -> dict[str, list[Any]]:
    """Samples as a batch of MM."""
    return {key: [sample[key] for sample in samples] for key in ('inputs', 'data_samples')}


def _confusion(model: Any, data: Any) -> NDArray[np.int64]:
    """Confusion matrix of a network, rows truth, (classes, classes)."""
    count = len(CLASSES)
    hist = np.zeros((count, count), np.int64)
    with torch.no_grad():
        for index in range(len(data)):
            (result,) = model.test_step(_collated([data[index]]))
            truth, told = (r.data.numpy().ravel() for r in (result.gt_sem_seg, result.pred_sem_seg))
            hist += np.bincount(truth * count + told, minlength=count**2).reshape(count, count)
    return hist


def main() -> None:
    """Write the Kappa of each seed to results/."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--seeds', type=int, default=5)
    parser.add_argument('--steps', type=int, default=100)
    parser.add_argument('--tiles', type=int, default=80)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        make_radar(Path(folder), args.tiles)
        scores = [kappa(Path(folder), seed, args.steps) for seed in range(args.seeds)]
    report('radar_finetuning', {'steps': args.steps, 'tiles': args.tiles, 'kappa': scores})


if __name__ == '__main__':
    main()
