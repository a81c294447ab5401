"""All methods on the generated tiles of the demo, on a CPU: frozen features and fine-tunes.

Every method has the data, views, backbone and number of steps of GLCNet's demo; the backbone
alone is kept. A linear probe reads the last stage of the frozen backbone. MAE has a transformer
of its own, and is compared with random weights of that. Finished parts are not repeated.

Example:
    python benchmarks/compare_methods.py
"""

import argparse
import json
import logging
import statistics
import sys
import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path += [str(ROOT / folder) for folder in ('demo', 'tools/dataset_tools', 'benchmarks')]
warnings.filterwarnings('ignore')  # of the hosts

import torch  # noqa: E402
from cells import (  # noqa: E402
    SUMMARY,
    TILE_PIXELS,
    finetune,
    load_images,
    pixel_samples,
    pretrain,
    probe,
    quiet,
)
from make_scenes import make_scenes  # noqa: E402
from measure import report  # noqa: E402
from mmengine.registry import MODELS, DefaultScope  # noqa: E402
from mmengine.runner import set_random_seed  # noqa: E402
from networks import FINETUNE, PRETRAIN, segmentor_config  # noqa: E402
from progress import Steps  # noqa: E402
from run import BUDGETS, PRETRAIN_STEPS, SEEDS, write_lists  # noqa: E402
from splits import Splits, make_splits  # noqa: E402

from glcnet_plugin.apis.checkpoint import load_pretrained  # noqa: E402
from glcnet_plugin.apis.features import PixelFeatures  # noqa: E402
from glcnet_plugin.datasets.descriptions import read_classes, read_manifest  # noqa: E402

BASELINES = ROOT / 'configs/baselines'
MAE_FINETUNE = next(BASELINES.glob('mae/deeplabv3*_demo.py'))
RESNET = ['simclr', 'mocov2', 'byol', 'simsiam', 'barlowtwins', 'densecl', 'inpainting', 'jigsaw']
# name -> (config of the pretraining or None, config of the fine-tuning)
METHODS: dict[str, tuple[Path | None, Path]] = {
    'random': (None, FINETUNE),
    'glcnet': (PRETRAIN, FINETUNE),
    **{name: (next(BASELINES.glob(f'{name}/*_demo.py')), FINETUNE) for name in RESNET},
    'random-vit': (None, MAE_FINETUNE),
    'mae': (next(BASELINES.glob('mae/mae*_demo.py')), MAE_FINETUNE),
}


def last_stage(
    tiles: Path, checkpoint: Path | None, num_classes: int, seed: int, config: Path
) -> tuple[Any, int]:
    """Frozen features of the backbone.

    Returns:
        A function from raw images (B, bands, H, W) and points (B, P, 2) to features, and how
        many of these, the last ones, are those of the last stage.
    """
    set_random_seed(seed)
    with DefaultScope.overwrite_default_scope('mmseg'), quiet():
        model = MODELS.build(segmentor_config(tiles, num_classes, config).model)
        model.init_weights()
        if checkpoint is not None:
            load_pretrained(model, str(checkpoint), 'backbone')
    normalise = model.data_preprocessor
    features = PixelFeatures(model, 'backbone')
    images = (load_images(tiles, read_list(tiles)[:64]) - normalise.mean) / normalise.std
    features.calibrate(images.split(16))
    width = features(images[:1])[-1].shape[1]
    return lambda x, points: features.at((x - normalise.mean) / normalise.std, points), width


def read_list(tiles: Path) -> list[str]:
    """Names of the unlabelled tiles."""
    return (tiles.parent / 'lists/train.txt').read_text(encoding='utf-8').split()


def probe_method(
    tiles: Path, splits: Splits, checkpoint: Path | None, config: Path, tick: Any
) -> list[dict[str, Any]]:
    """Scores of the probe for all lists of labelled tiles."""
    num_classes = len(read_classes(tiles)['classes'])
    wanted = [*splits.val, *sorted({n for names in splits.labelled.values() for n in names})]
    found = []
    # random weights of a seed are a network of their own, a pretrained network is one
    for seed in SEEDS if checkpoint is None else [None]:
        extract, width = last_stage(tiles, checkpoint, num_classes, seed or 0, config)
        samples = pixel_samples(tiles, wanted, extract, TILE_PIXELS, tick)
        for (labels, draw), names in splits.labelled.items():
            if seed in (None, draw):
                scores = probe(samples, names, splits.val, num_classes, width)
                found.append({'kind': 'probe', 'labels': labels, 'seed': draw, **scores})
    return found


def run_method(
    name: str, tiles: Path, splits: Splits, lists: dict[str, Path], folder: Path, steps: Steps
) -> list[dict[str, Any]]:
    """Pretrain, probe and fine-tune a method, unless that is done."""
    result = folder / 'cells.json'
    if result.is_file():
        return list(json.loads(result.read_text(encoding='utf-8')))
    before, after = METHODS[name]
    checkpoint = None
    if before is not None:
        with steps.step(f'{name}: pretrain') as step:
            num_steps, place = PRETRAIN_STEPS, folder / 'pretrain'
            checkpoint = pretrain(tiles, lists['train'], place, num_steps, step.tick, before)
    with steps.step(f'{name}: probe') as step:
        cells = probe_method(tiles, splits, checkpoint, after, step.tick)
    num_classes = len(read_classes(tiles)['classes'])
    with steps.step(f'{name}: fine-tunes') as step:
        for labels, seed in splits.labelled:
            parts = {'train': lists[f'labelled_{labels}_{seed}'], 'val': lists['val']}
            scores = finetune(
                tiles, parts, checkpoint, num_classes, folder / f'finetune/{labels}_{seed}',
                seed, step.tick, scope='backbone', config=after,
            )  # fmt: skip
            kept = {name: scores[name] for name in SUMMARY}
            cells.append({'kind': 'fine-tune', 'labels': labels, 'seed': seed, **kept})
    part = result.with_suffix('.part')
    part.write_text(json.dumps(cells), encoding='utf-8')
    part.replace(result)
    return cells


def kappas(cells: Sequence[dict[str, Any]], kind: str, labels: int) -> list[float]:
    """Kappa per seed."""
    found = [c for c in cells if c['kind'] == kind and c['labels'] == labels]
    return [c['Kappa'] for c in sorted(found, key=lambda c: c['seed'])]


def against(own: Sequence[float], base: Sequence[float]) -> str:
    """+ or - where all seeds agree on which is ahead, else a tie."""
    signs = {a > b for a, b in zip(own, base, strict=True)}
    return 'tie' if len(signs) > 1 else '+' if True in signs else '-'


def table(results: dict[str, list[dict[str, Any]]]) -> list[str]:
    """Mean and deviation of Kappa over the seeds, in Markdown."""
    columns = [(kind, labels) for kind in ('probe', 'fine-tune') for labels in BUDGETS]
    titles = [f'{kind}, {labels} tiles' for kind, labels in columns]
    lines = [f'| initialisation | {" | ".join(titles)} |', '|---' * (len(columns) + 1) + '|']
    for name, cells in results.items():
        reference = 'random-vit' if METHODS[name][1] == MAE_FINETUNE else 'random'
        entries = []
        for column in columns:
            own, base = kappas(cells, *column), kappas(results[reference], *column)
            mark = '' if name == reference else f' ({against(own, base)})'
            entries.append(f'{statistics.mean(own):.3f} ± {statistics.stdev(own):.3f}{mark}')
        lines.append(f'| {name} | {" | ".join(entries)} |')
    lines.append('| imagenet | not available: there are no weights of this narrow network ||||')
    return lines


def main() -> None:
    """Run all methods and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/compare'))
    args = parser.parse_args()
    logging.disable(logging.WARNING)
    torch.manual_seed(0)
    tiles = args.work_dir / 'tiles'
    if not (tiles / 'manifest.csv').is_file():
        make_scenes(tiles, scenes=32)
    groups = Counter(row.get('group', '') for row in read_manifest(tiles))
    splits = make_splits(tiles, groups, BUDGETS, SEEDS, None)
    lists = write_lists(splits, args.work_dir / 'lists')
    pretrained = sum(config is not None for config, _ in METHODS.values())
    steps = Steps(2 * len(METHODS) + pretrained)
    results = {
        name: run_method(name, tiles, splits, lists, args.work_dir / name, steps)
        for name in METHODS
    }
    report('compare_methods', {'steps': PRETRAIN_STEPS, 'methods': results})
    print('\n'.join(table(results)))


if __name__ == '__main__':
    main()
