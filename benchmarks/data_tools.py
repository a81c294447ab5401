"""Time and peak memory of check_data and band_stats on many generated tiles.

Example:
    python benchmarks/data_tools.py --tiles 1000 10000
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from measure import report

from glcnet_plugin.datasets.tiling.folder_writer import write_description, write_image, write_mask

TOOLS = Path(__file__).resolve().parents[1] / 'tools/dataset_tools'
SIZE = 256
WATCH = """
import resource, subprocess, sys, time
start = time.perf_counter()
status = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(status)
"""
PALETTE = [(255, 0, 0), (0, 255, 0), (0, 0, 255)]


def write_tiles(out: Path, count: int) -> None:
    """Write a labelled folder of ``count`` tiles: parts of one large image of blobs."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 200, (64, 64, 3))
    large = np.kron(coarse, np.ones((32, 32, 1))).astype(np.uint8)  # 2048 px
    large += rng.integers(0, 50, large.shape).astype(np.uint8)
    labels = (large[..., 0] // 90).astype(np.uint8)
    for folder in ('images', 'masks'):
        (out / folder).mkdir(parents=True)
    rows = []
    for index in range(count):
        y, x = rng.integers(0, len(large) - SIZE, 2)
        part = np.s_[y : y + SIZE, x : x + SIZE]
        name = f't{index:06d}'
        image = large[part].copy()
        image[0, 0] = np.frombuffer(index.to_bytes(3, 'big'), np.uint8)  # no two are alike
        write_image(out / 'images' / name, image)
        write_mask(out / 'masks' / f'{name}.png', labels[part].copy(), PALETTE)
        rows.append({'name': name, 'group': f'g{index // 100}'})
    write_description(out, ['a', 'b', 'c'], PALETTE, rows)


def run(command: Sequence[str]) -> tuple[float, float]:
    """Run a command.

    Returns:
        Its seconds, and the largest resident memory of it and its workers in MiB.
    """
    # started from a process of its own: what this one holds would count as the command's
    done = subprocess.run(
        [sys.executable, '-c', WATCH, *command], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f'{command} failed: {done.stderr[-500:]}')
    seconds, kib = done.stdout.split()[-2:]
    return float(seconds), float(kib) / 1024


def main() -> None:
    """Measure and write the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--tiles', type=int, nargs='+', default=[1000, 10_000])
    args = parser.parse_args()
    figures: dict[str, object] = {'tile': SIZE}
    for count in args.tiles:
        with tempfile.TemporaryDirectory() as folder:
            write_tiles(Path(folder, 'tiles'), count)
            tools = {
                'check_data': [f'{folder}/tiles'],
                'band_stats': [f'{folder}/tiles/images'],
            }
            for tool, arguments in tools.items():
                seconds, mib = run([sys.executable, str(TOOLS / f'{tool}.py'), *arguments])
                figures[f'{tool}_{count}'] = {
                    'seconds': round(seconds, 1),
                    'seconds_per_1000_tiles': round(1000 * seconds / count, 2),
                    'peak_mib': round(mib),
                }
    report('data_tools', figures)


if __name__ == '__main__':
    main()
