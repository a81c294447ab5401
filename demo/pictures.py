"""The pictures of the report."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from cells import image_paths, quiet
from matplotlib.figure import Figure
from mmengine.registry import DATASETS, DefaultScope
from networks import pretrain_config
from numpy.typing import NDArray

from glcnet_plugin.datasets.images import read_image
from glcnet_plugin.datasets.masks import read_mask
from glcnet_plugin.models.utils import sample_regions
from glcnet_plugin.visualization import draw_matched_regions, to_rgb


def regions_picture(tiles: Path, names: Sequence[str]) -> Figure:
    """Views of some tiles with their matched regions, made by the pipeline of pretraining."""
    cfg = pretrain_config(tiles)
    with DefaultScope.overwrite_default_scope('mmpretrain'), quiet():
        dataset = DATASETS.build(cfg.train_dataloader.dataset)
    paths = {Path(dataset.get_data_info(i)['img_path']).stem: i for i in range(len(dataset))}
    np.random.seed(0)
    samples = [dataset[paths[name]] for name in names]
    views = [[view.permute(1, 2, 0).numpy() for view in sample['inputs']] for sample in samples]
    head = cfg.model.local_head
    size = samples[0]['inputs'][0].shape[-1]
    drawn = [
        sample_regions(
            sample['data_samples'].view_matrix[None], size, head.num_regions, head.region_size
        )
        for sample in samples
    ]
    boxes, valid = (torch.cat(part) for part in zip(*drawn, strict=True))
    return draw_matched_regions(views, boxes, valid)


def read_curves(work_dir: Path) -> list[dict[str, float]]:
    """Logged values of the pretraining run, oldest first."""
    files = sorted(work_dir.glob('*/vis_data/scalars.json'))
    lines = files[-1].read_text().splitlines() if files else []
    return [row for row in map(json.loads, lines) if 'loss_style' in row]


def curves_picture(rows: Sequence[dict[str, float]]) -> Figure:
    """Losses of both branches with their chance levels, branch weights divided out."""
    figure = Figure(figsize=(9, 3), layout='constrained')
    axes = figure.subplots(1, 2)
    for axis, name, title in zip(
        axes, ('style', 'local'), ('global style', 'local matching'), strict=True
    ):
        steps = [row['step'] for row in rows]
        # the config weighs both branches by one half
        axis.plot(steps, [2 * row[f'loss_{name}'] for row in rows], color='#1b6ca8', label='loss')
        chance = [2 * row[f'chance_{name}'] for row in rows]
        axis.plot(steps, chance, '--', color='#999999', label='chance: log(number of negatives)')
        axis.set(title=title, xlabel='step', ylim=(None, math.ceil(max(chance))))
        axis.legend(frameon=False)
        axis.spines[['top', 'right']].set_visible(False)
    return figure


def mosaic_picture(
    tiles: Path, names: Sequence[str], rows: dict[str, Path], palette: Sequence[Sequence[int]]
) -> Figure:
    """Image, truth and predictions of some held-out tiles.

    Args:
        tiles: Labelled folder of tiles.
        names: Names of the tiles; one column each.
        rows: Folder of saved predictions per row title.
        palette: Colour of each class.

    Returns:
        The picture.
    """
    colours = np.full((256, 3), 40, np.uint8)  # ignored pixels are dark
    colours[: len(palette)] = palette
    pictures: dict[str, list[NDArray[Any]]] = {'image': [], 'truth': []}
    for name in names:
        pictures['image'].append(to_rgb(read_image(image_paths(tiles)[name])))
        pictures['truth'].append(colours[read_mask(tiles / 'masks' / f'{name}.png')])
    for title, folder in rows.items():
        pictures[title] = [colours[np.load(folder / f'{name}.npy')] for name in names]
    figure = Figure(figsize=(1.75 * len(names) + 0.4, 1.75 * len(pictures)), layout='constrained')
    axes = figure.subplots(len(pictures), len(names), squeeze=False)
    for row, (title, images) in enumerate(pictures.items()):
        for column, image in enumerate(images):
            axes[row, column].imshow(image)
            axes[row, column].set(xticks=[], yticks=[])
        axes[row, 0].set_ylabel(title)
    return figure
