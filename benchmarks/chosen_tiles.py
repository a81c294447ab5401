"""Which tiles to label: chosen by colours or features, against drawn ones, by frozen probes.

Of the training tiles of a labelled folder, 16 are chosen: at random, evenly over the scenes, or
spread over the colours, the features (of ImageNet's EfficientNet-Lite0), or both. A linear probe of
the frozen features is fitted to their pixels and scored by Kappa on the held-out groups. A ground
is a folder and its held-out groups; give --ground for each.

Example:
    python benchmarks/chosen_tiles.py --ground data/dubai_256 D E --ground data/dubai_256 A C \
        --ground data/s2_256 west
"""

import argparse
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from measure import report
from numpy.typing import NDArray

from glcnet_plugin.datasets.analysis.split_source import Source, divide, read_source
from glcnet_plugin.datasets.analysis.splits import order_by_scene, order_random
from glcnet_plugin.datasets.analysis.spread import choose_spread, colour_statistics, joined
from glcnet_plugin.datasets.io.folder_format import (
    image_files,
    label_rule,
    mask_file,
    read_classes,
)
from glcnet_plugin.datasets.io.images import read_image
from glcnet_plugin.datasets.io.masks import read_stored_mask
from glcnet_plugin.engine.run_config import CONFIGS
from glcnet_plugin.evaluation.confusion import confusion_scores
from glcnet_plugin.evaluation.pixel_sampling import pixels_per_tile, sample_labelled
from glcnet_plugin.evaluation.probe import linear_probe
from glcnet_plugin.inference.feature_model import FeatureModel, load_features
from glcnet_plugin.utils.parallel import parallel_map

START = 'imagenet://efficientnet_lite0'
CONFIG = CONFIGS / 'downstream/linear_lite0_1xb8-300i_few-labels.py'
TILES, SCORED = 16, 100  # pixels that are scored per held-out tile
CHOICES = ('random', 'even', 'colours', 'features', 'both')


class Tile(NamedTuple):
    """Features (P, F) and classes (P,) of labelled pixels."""

    features: NDArray[np.float32]
    labels: NDArray[np.int64]


def read_tile(name: str, folder: Path, model: FeatureModel, count: int) -> Tile:
    """Features of labelled pixels of a tile, at the nearest cell."""
    image = torch.from_numpy(read_image(image_files(folder / 'images')[name])).float()
    path = mask_file(folder, name)
    rule = label_rule(read_classes(folder))
    mask = rule.training_ids(rule.file_ids(read_stored_mask(path), path))
    points, labels = sample_labelled(mask, name, count)
    cells = model.cells(image.permute(2, 0, 1)[None])[0].cpu().numpy()
    x, y = (points * (cells.shape[2], cells.shape[1]) // (mask.shape[1], mask.shape[0])).T
    return Tile(cells[:, y, x].T, labels)


def chosen(
    choice: str, source: Source, train: list[str], values: NDArray[Any] | None, seed: int
) -> list[str]:
    """The tiles that are labelled."""
    if values is not None:
        return [train[index] for index in choose_spread(values, TILES, seed)]
    rows = [row for row in source.rows if row['name'] in set(train)]
    order = order_random if choice == 'random' else order_by_scene
    return order(rows, np.random.default_rng(seed))[:TILES]


def kappa(labelled: list[Tile], held: list[Tile], classes: int) -> float:
    """Kappa of a probe that is fitted to some tiles and scored on others."""
    train, test = (
        (np.concatenate([t.features for t in tiles]), np.concatenate([t.labels for t in tiles]))
        for tiles in (labelled, held)
    )
    scores = confusion_scores(linear_probe(*train, *test, classes))
    return float(scores['Kappa'])


def study(folder: Path, groups: list[str], model: FeatureModel, draws: int) -> dict[str, Any]:
    """Kappa of every choice and draw on a ground."""
    source = read_source(folder, None, extents=False)
    train, val = divide(source, val_groups=groups)
    files = image_files(folder / 'images')
    paths = [files[name] for name in train]
    colours, features = colour_statistics(paths), model.tile_means(paths)
    values = {
        'colours': joined(colours), 'features': joined(features), 'both': joined(colours, features),
    }  # fmt: skip
    picks = {
        choice: [chosen(choice, source, train, values.get(choice), seed) for seed in range(draws)]
        for choice in CHOICES
    }
    needed = sorted({name for lists in picks.values() for names in lists for name in names})
    read = partial(read_tile, folder=folder, model=model)
    jobs = [(name, pixels_per_tile(TILES)) for name in needed] + [(name, SCORED) for name in val]
    tiles = dict(
        zip(
            [name for name, _ in jobs],
            parallel_map(lambda job: read(job[0], count=job[1]), jobs, len(jobs), folder.name, 0),
            strict=True,
        )
    )
    classes = len(read_classes(folder)['classes'])
    held = [tiles[name] for name in val]
    found = {}
    for choice, lists in picks.items():
        scores = [kappa([tiles[name] for name in names], held, classes) for names in lists]
        found[choice] = {
            'mean': round(float(np.mean(scores)), 4),
            'std': round(float(np.std(scores, ddof=1)), 4),
            'kappa': [round(score, 4) for score in scores],
        }
    return {'held_out': groups, 'pool': len(train), 'scored': len(val), 'choices': found}


def table(grounds: dict[str, Any]) -> str:
    """Mean and deviation of Kappa, a row per ground."""
    lines = ['| ground | ' + ' | '.join(CHOICES) + ' |', '|---' * (len(CHOICES) + 1) + '|']
    for name, ground in grounds.items():
        cells = (ground['choices'][choice] for choice in CHOICES)
        lines.append(
            f'| {name} | ' + ' | '.join(f'{c["mean"]:.3f} ± {c["std"]:.3f}' for c in cells) + ' |'
        )
    return '\n'.join(lines)


def main() -> None:
    """Run the study, print the table and write the scores."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    text = 'labelled folder of tiles, and the groups that are scored'
    parser.add_argument('--ground', nargs='+', action='append', required=True, help=text)
    parser.add_argument('--draws', type=int, default=8, help='seeds per choice')
    args = parser.parse_args()
    model = load_features(START, CONFIG)
    grounds = {}
    for folder, *groups in args.ground:
        name = f'{Path(folder).name}: {" ".join(groups)}'
        grounds[name] = study(Path(folder), groups, model, args.draws)
        print(table({name: grounds[name]}), flush=True)
    report('chosen_tiles', {'tiles': TILES, 'draws': args.draws, 'grounds': grounds})
    print(table(grounds))


if __name__ == '__main__':
    main()
