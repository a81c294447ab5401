"""Scores of maps of labelled scenes, predicted in windows of several sizes.

Example:
    python benchmarks/map_windows.py data/dubai_whole work_dirs/probe/probe.pth \
        --groups D E --windows 128 256 512
"""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from measure import report

from glcnet_plugin.datasets.io.folder_format import image_files, mask_file, read_manifest
from glcnet_plugin.evaluation.confusion import confusion_scores
from glcnet_plugin.evaluation.map_scores import score_maps
from glcnet_plugin.inference.block_predictor import Tiling
from glcnet_plugin.inference.loading import load_model
from glcnet_plugin.inference.scene import predict_scene
from glcnet_plugin.utils.allocator import keep_freed_memory


def score_windows(
    scenes: Path, checkpoint: str, names: Sequence[str], windows: Sequence[int]
) -> dict[str, Any]:
    """Predict scenes in windows of each size, and score all pixels with a label.

    Args:
        scenes: Labelled folder of scenes.
        checkpoint: Of a segmentation network.
        names: Scenes of the folder.
        windows: Sides in pixels.

    Returns:
        Kappa and mIoU by window.
    """
    model = load_model(checkpoint)
    images, found = image_files(scenes / 'images'), {}
    for window in windows:
        hist: Any = 0
        with tempfile.TemporaryDirectory() as out:
            for name in names:
                made = predict_scene(images[name], model, out, Tiling.of(window))
                hist = hist + score_maps([made.path], mask_file(scenes, name)).hist
        scores = confusion_scores(hist)
        found[str(window)] = {key: round(float(scores[key]), 4) for key in ('Kappa', 'mIoU')}
    return found


def main() -> None:
    """Score each checkpoint, and write the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('scenes', type=Path, help='labelled folder of scenes')
    parser.add_argument('checkpoints', nargs='+')
    parser.add_argument('--groups', nargs='+', required=True, help='of the manifest')
    parser.add_argument('--every', type=int, default=1, help='take every N-th scene of them')
    parser.add_argument('--windows', nargs='+', type=int, default=[128, 256, 512])
    parser.add_argument('--name', default='map_windows', help='of the file of figures')
    args = parser.parse_args()
    keep_freed_memory()
    rows = read_manifest(args.scenes)
    names = [row['name'] for row in rows if row['group'] in args.groups][:: args.every]
    report(
        args.name,
        {path: score_windows(args.scenes, path, names, args.windows) for path in args.checkpoints},
    )


if __name__ == '__main__':
    main()
