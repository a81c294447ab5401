"""Draw land-cover scenes with labels and cut them into tiles.

Example:
    python demo/synthetic/make_scenes.py data/scenes --scenes 24
"""

import argparse
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import track
from sklearn.ensemble import RandomForestClassifier

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a script

from glcnet_plugin.datasets.io.folder_format import image_files, mask_file
from glcnet_plugin.datasets.io.images import read_image
from glcnet_plugin.datasets.io.masks import IGNORE, read_mask
from glcnet_plugin.datasets.tiling.folder_writer import (
    write_description,
    write_image,
    write_mask,
)
from glcnet_plugin.evaluation import confusion_matrix, confusion_scores
from glcnet_plugin.geometry import window_starts
from glcnet_plugin.utils.cli import run_tool
from synthetic.scene_painter import CLASSES, ScenePainter

PALETTE = [
    (170, 200, 80), (30, 110, 50), (40, 90, 200), (120, 120, 120), (200, 50, 50), (210, 180, 120)
]  # fmt: skip


def draw_scene(
    index: int, out: Path, size: int, tile: int, bands: int, seed: int
) -> list[dict[str, Any]]:
    """Draw one scene and write its tiles.

    Args:
        index: Number of the scene.
        out: Folder that receives ``images`` and ``masks``.
        size: Side of the scene in pixels.
        tile: Side of the tiles in pixels.
        bands: 3 for R, G, B; 4 for R, G, B, NIR.
        seed: Seed of the whole set.

    Returns:
        Rows of the manifest.
    """
    image, label = ScenePainter(seed * 100_003 + index, size).paint()
    values = np.round(image[..., :bands] * 255).astype(np.uint8)
    rows = []
    for y in window_starts(size, tile, tile):
        for x in window_starts(size, tile, tile):
            name = f's{index:03d}_{y:04d}_{x:04d}'
            part = np.s_[y : y + tile, x : x + tile]
            write_image(out / 'images' / name, np.ascontiguousarray(values[part]))
            write_mask(out / 'masks' / f'{name}.png', np.ascontiguousarray(label[part]), PALETTE)
            rows.append({'name': name, 'group': f's{index:03d}', 'y': y, 'x': x})
    return rows


def make_scenes(
    out: Path, scenes: int = 24, size: int = 1024, tile: int = 256, bands: int = 3, seed: int = 0
) -> int:
    """Draw a set of scenes on all cores.

    Args:
        out: Folder to write.
        scenes: Number of scenes.
        size: Side of a scene in pixels.
        tile: Side of a tile in pixels.
        bands: 3 for R, G, B; 4 for R, G, B, NIR.
        seed: Seed of the whole set.

    Returns:
        The number of tiles.
    """
    for folder in ('images', 'masks'):
        (out / folder).mkdir(parents=True, exist_ok=True)
    draw = partial(draw_scene, out=out, size=size, tile=tile, bands=bands, seed=seed)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        done = track(pool.map(draw, range(scenes)), total=scenes, description='drawing scenes')
        rows = [row for part in done for row in part]
    write_description(out, CLASSES, PALETTE, rows)
    return len(rows)


def colour_only_kappa(folder: Path, train: list[str], test: list[str], seed: int = 0) -> float:
    """Kappa of a random forest that sees only the bands of single pixels.

    Args:
        folder: A labelled folder.
        train: Names of the tiles to learn from.
        test: Names of the tiles to score.
        seed: Seed of the pixel draw and of the forest.

    Returns:
        Cohen's kappa on 20,000 pixels of the test tiles.
    """
    rng = np.random.default_rng(seed)
    images = image_files(folder / 'images')

    def pixels(names: list[str]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """Draw 20,000 pixels from some tiles."""
        values, ids = [], []
        for name in names:
            image, mask = read_image(images[name]), read_mask(mask_file(folder, name))
            pick = rng.choice(mask.size, min(mask.size, 20_000 // len(names) + 1), replace=False)
            values.append(image.reshape(mask.size, -1)[pick])
            ids.append(mask.ravel()[pick])
        return np.concatenate(values), np.concatenate(ids)

    values, ids = pixels(train)
    known = ids != IGNORE
    forest = RandomForestClassifier(100, min_samples_leaf=5, n_jobs=-1, random_state=seed)
    forest.fit(values[known], ids[known])
    values, truth = pixels(test)
    num_classes = int(max(ids[known].max(), truth[truth != IGNORE].max())) + 1
    scores = confusion_scores(confusion_matrix(forest.predict(values), truth, num_classes))
    return float(scores['Kappa'])


def main() -> None:
    """Draw."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('out', type=Path, help='folder to write')
    parser.add_argument('--scenes', type=int, default=24)
    parser.add_argument('--size', type=int, default=1024, help='side of a scene in pixels')
    parser.add_argument('--tile', type=int, default=256, help='side of a tile in pixels')
    parser.add_argument('--bands', type=int, choices=(3, 4), default=3, help='RGB, or RGB + NIR')
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args()
    if args.tile > args.size or args.scenes < 1:
        parser.error(f'need --scenes >= 1 and --tile <= --size, got {args.scenes}, {args.tile}')
    count = make_scenes(**vars(args))
    print(f'{count} tiles of {args.tile} px in {args.out}')


if __name__ == '__main__':
    run_tool(main)
