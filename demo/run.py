"""Pretrain on unlabelled tiles, fine-tune on few labelled ones, compare with random weights.

Example:
    python demo/run.py
    python demo/run.py --data data/dubai
"""

import argparse
import json
import os
import platform
import sys
import time
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1] / 'tools/dataset_tools'))
warnings.filterwarnings('ignore')  # of the hosts, about things the demo does not use

import pictures  # noqa: E402
import torch  # noqa: E402
from cells import (  # noqa: E402
    SUMMARY,
    TILE_PIXELS,
    finetune,
    frozen,
    load_images,
    pixel_samples,
    pretrain,
    probe,
)
from cli import run_tool  # noqa: E402
from make_scenes import colour_only_kappa, make_scenes  # noqa: E402
from make_tiles import make_tiles  # noqa: E402
from progress import Steps  # noqa: E402
from report import TITLES, differences, summarise, text_table, write_report  # noqa: E402
from splits import Splits, make_splits  # noqa: E402

from glcnet_plugin.compat import TESTED, installed_version  # noqa: E402
from glcnet_plugin.datasets.descriptions import read_classes, read_manifest  # noqa: E402

BUDGETS = (16, 160)
SEEDS = (0, 1, 2)
PRETRAIN_STEPS = 700
MOSAIC = 6  # held-out tiles in the picture
DEEP_FEATURES = 128 + 32  # last backbone stage and encoder map of the demo network


def prepare(data: Path | None, work_dir: Path) -> tuple[Path, dict[str, int]]:
    """Make the tiles, unless they are there.

    Returns:
        The labelled folder of tiles, and the number of source images per group.
    """
    tiles = work_dir / 'tiles'
    if not (tiles / 'manifest.csv').is_file():
        if data is None:
            make_scenes(tiles, scenes=32)
        else:
            make_tiles(data, tiles)
    return tiles, Counter(row.get('group', '') for row in read_manifest(data or tiles))


def write_lists(splits: Splits, folder: Path) -> dict[str, Path]:
    """Write the lists that the configs read: one name per line."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {'train': splits.train, 'val': splits.val}
    content |= {f'labelled_{n}_{seed}': names for (n, seed), names in splits.labelled.items()}
    for name, names in content.items():
        (folder / f'{name}.txt').write_text('\n'.join(names) + '\n', encoding='utf-8')
    return {name: folder / f'{name}.txt' for name in content}


def run_probes(
    tiles: Path, splits: Splits, checkpoint: Path, work_dir: Path, steps: Steps
) -> list[dict[str, Any]]:
    """Probe every initialisation with every list of labelled tiles.

    A seed of random weights is a network of its own; the pretrained network is one.
    """
    num_classes = len(read_classes(tiles)['classes'])
    unlabelled = load_images(tiles, splits.train[:64])
    wanted = [*splits.val, *sorted({n for names in splits.labelled.values() for n in names})]
    cells: list[dict[str, Any]] = []
    for init, seed in [('random', seed) for seed in SEEDS] + [('glcnet', None)]:
        path = work_dir / 'probe' / f'{init}_{seed}.json'
        title = TITLES[init] + (f', seed {seed}' if init == 'random' else '')
        with steps.step(f'probe frozen features: {title}') as step:
            if not path.is_file():
                source = checkpoint if init == 'glcnet' else None
                extract = frozen(tiles, source, num_classes, seed or 0, unlabelled)
                samples = pixel_samples(tiles, wanted, extract, TILE_PIXELS, step.tick)
                found = [
                    {'kind': kind, 'init': init, 'labels': labels, 'seed': draw,
                     **probe(samples, names, splits.val, num_classes, size)}
                    for (labels, draw), names in splits.labelled.items() if seed in (None, draw)
                    for kind, size in (('probe', DEEP_FEATURES), ('probe_all', None))
                ]  # fmt: skip
                path.parent.mkdir(exist_ok=True)
                path.write_text(json.dumps(found))
            cells += json.loads(path.read_text())
    return cells


def run_finetunes(
    tiles: Path, splits: Splits, lists: dict[str, Path], checkpoint: Path, work_dir: Path,
    steps: Steps,
) -> list[dict[str, Any]]:  # fmt: skip
    """Fine-tune every initialisation on every list of labelled tiles."""
    num_classes = len(read_classes(tiles)['classes'])
    cells = []
    for labels, seed in splits.labelled:
        for init, source in (('random', None), ('glcnet', checkpoint)):
            cell = {'kind': 'finetune', 'init': init, 'labels': labels, 'seed': seed}
            with steps.step(f'fine-tune {TITLES[init]}, {labels} tiles, seed {seed}') as step:
                scores = finetune(
                    tiles, {'train': lists[f'labelled_{labels}_{seed}'], 'val': lists['val']},
                    source, num_classes, work_dir / f'finetune/{init}_{labels}_{seed}', seed,
                    step.tick, keep=splits.val[:MOSAIC] if seed == SEEDS[0] else (),
                )  # fmt: skip
                step.say(f'Kappa {scores["Kappa"]:.3f}')
            cells.append({**cell, **{name: scores[name] for name in SUMMARY}})
    return cells


def describe(
    data: Path | None, splits: Splits, colour_kappa: float, start: float
) -> dict[str, Any]:
    """Facts for the report."""
    versions = ', '.join(f'{name} {installed_version(name)}' for name in TESTED)
    return {
        'data': 'generated scenes' if data is None else data.name,
        'train': len(splits.train),
        'val': len(splits.val),
        'val_groups': splits.val_groups,
        'colour_kappa': colour_kappa,
        'mosaic_labels': min(labels for labels, _ in splits.labelled),
        'command': 'make demo' + ('' if data is None else f' DATA={data}'),
        'minutes': f'{(time.time() - start) / 60:.1f}',
        'hardware': f'{os.cpu_count()} CPU cores',
        'versions': f'Python {platform.python_version()}, {versions}.',
    }


def publish(
    tiles: Path, splits: Splits, cells: list[dict[str, Any]], facts: dict[str, Any], work_dir: Path
) -> None:
    """Write ``results.json`` and the report with its pictures."""
    content = json.dumps({'facts': facts, 'cells': cells}, indent=1)
    (work_dir / 'results.json').write_text(content, encoding='utf-8')
    meta, few = read_classes(tiles), facts['mosaic_labels']
    predictions = {
        'random init': work_dir / f'finetune/random_{few}_{SEEDS[0]}',
        'GLCNet': work_dir / f'finetune/glcnet_{few}_{SEEDS[0]}',
    }
    shown = splits.val[:MOSAIC]
    write_report(
        work_dir / 'report.html',
        facts=facts,
        rows=summarise(cells),
        lines=differences(cells),
        legend=list(zip(meta['classes'], map(tuple, meta['palette']), strict=True)),
        pictures={
            'curves': pictures.curves_picture(pictures.read_curves(work_dir / 'pretrain')),
            'regions': pictures.regions_picture(tiles, splits.train[:5]),
            'mosaic': pictures.mosaic_picture(tiles, shown, predictions, meta['palette']),
        },
    )


def main() -> None:
    """Run the study and write the report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--data', type=Path, help='labelled folder; default: generated scenes')
    parser.add_argument('--work-dir', type=Path, help='default: work_dirs/demo, or demo_NAME')
    parser.add_argument('--val-groups', nargs='+', help='groups of the manifest to hold out')
    args = parser.parse_args()
    start = time.time()
    torch.manual_seed(0)
    name = 'demo' if args.data is None else f'demo_{args.data.resolve().name}'
    work_dir = args.work_dir or Path('work_dirs') / name
    steps = Steps(4 + len(SEEDS) + 2 * len(BUDGETS) * len(SEEDS))
    with steps.step('make tiles'):
        tiles, groups = prepare(args.data, work_dir)
        splits = make_splits(tiles, groups, BUDGETS, SEEDS, args.val_groups)
        lists = write_lists(splits, work_dir / 'lists')
    with steps.step('pretrain GLCNet') as step:
        folder = work_dir / 'pretrain'
        checkpoint = pretrain(tiles, lists['train'], folder, PRETRAIN_STEPS, step.tick)
    cells = run_probes(tiles, splits, checkpoint, work_dir, steps)
    cells += run_finetunes(tiles, splits, lists, checkpoint, work_dir, steps)
    with steps.step('report'):
        colour_kappa = colour_only_kappa(tiles, splits.train, splits.val)
        facts = describe(args.data, splits, colour_kappa, start)
        publish(tiles, splits, cells, facts, work_dir)
    title = f'{facts["data"]}: held-out scores, mean ± deviation over {len(SEEDS)} seeds'
    steps.console.print(text_table(summarise(cells), title))
    for line in differences(cells):
        steps.console.print(line)
    steps.console.print(f'pixel colours alone (random forest): Kappa {colour_kappa:.3f}')
    steps.console.print(f'{facts["minutes"]} minutes; report: {work_dir / "report.html"}')


if __name__ == '__main__':
    run_tool(main)
