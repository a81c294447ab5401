r"""Predict scenes with a checkpoint: georeferenced maps of classes, of scenes of any size.

A stopped run goes on. The config is inside of the checkpoint.

Example:
    python tools/predict_scene.py data/scene.tif work_dirs/probe/probe.pth --out maps
    python tools/predict_scene.py data/scenes work_dirs/finetune/iter_300.pth --out maps \
        --confidence --augment
"""

import argparse
from pathlib import Path

from glcnet_plugin.utils.cli import exit_on_error, positive_number, run_tool
from glcnet_plugin.utils.quiet import quiet_imports

with exit_on_error(), quiet_imports():
    from glcnet_plugin.datasets.io.headers import RASTER_SUFFIXES
    from glcnet_plugin.datasets.io.lists import list_images
    from glcnet_plugin.errors import DataError
    from glcnet_plugin.inference.block_predictor import Tiling
    from glcnet_plugin.inference.loading import load_model
    from glcnet_plugin.inference.polygons import write_polygons
    from glcnet_plugin.inference.scene import SceneReport, predict_scene
    from glcnet_plugin.utils.allocator import keep_freed_memory
    from glcnet_plugin.utils.atomic_io import require_other_file


def scenes_of(given: list[str]) -> list[str]:
    """Files, and all images of folders; two of one name are refused."""
    scenes: list[str] = []
    for name in given:
        scenes += list_images(name) if Path(name).is_dir() else [name]
    by_name: dict[str, str] = {}
    for scene in scenes:
        if (other := by_name.setdefault(Path(scene).stem, scene)) != scene:
            raise DataError(
                f'{other} and {scene} would have the same map: rename one, or use another --out'
            )
    return scenes


def require_kept(scenes: list[str], out: str, confidence: bool) -> None:
    """Raise DataError if the map of a scene would be written over one of the scenes."""
    for scene in scenes:
        for kind in ('map', 'confidence')[: 1 + confidence]:
            require_other_file(Path(out, f'{Path(scene).stem}_{kind}.tif'), scenes)


def report_text(report: SceneReport) -> str:
    """What was predicted, as lines."""
    total = max(1, sum(report.pixels.values()))
    shares = ', '.join(f'{name} {count / total:.1%}' for name, count in report.pixels.items())
    lines = [f'{report.path}: {shares}; {report.nodata} pixels without data']
    lines += [f'  note: {note}' for note in report.notes]
    if report.unreadable:
        lines.append(
            f'  {len(report.unreadable)} windows could not be read or predicted and are nodata, '
            f'the first: {report.unreadable[0]}'
        )
    return '\n'.join(lines)


def main() -> int:
    """Predict all scenes.

    Returns:
        1 if a part of a scene could not be read, else 0.
    """
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        'inputs', nargs='+', metavar='SCENE... CHECKPOINT',
        help=f'scenes ({", ".join(RASTER_SUFFIXES)}, PNG, JPEG), folders or /vsi addresses, then '
        'the checkpoint',
    )  # fmt: skip
    parser.add_argument('--out', required=True, help='folder of the maps')
    parser.add_argument('--config', help='config file, where the checkpoint holds none')
    parser.add_argument(
        '--window',
        type=positive_number,
        help='pixels; default: what the network gets at once where it is scored',
    )
    parser.add_argument('--batch-size', type=positive_number, default=8)
    parser.add_argument('--augment', action='store_true', help='average over flips and turns')
    parser.add_argument('--amp', action='store_true', help='half precision')
    parser.add_argument('--confidence', action='store_true', help='write confidence and entropy')
    parser.add_argument('--polygons', action='store_true', help='write a GeoPackage, too')
    parser.add_argument('--min-area', type=float, default=0.0, help='of a polygon, in m2')
    parser.add_argument('--simplify', type=float, default=0.0, help='outlines, by up to m')
    parser.add_argument('--device', help="such as 'cuda:1' or 'cpu'")
    args = parser.parse_args()
    *names, checkpoint = args.inputs
    if not names:
        parser.error('give at least one scene before the checkpoint')
    scenes = scenes_of(names)
    require_kept(scenes, args.out, args.confidence)
    model = load_model(checkpoint, args.config, args.device)
    if model.device.type == 'cpu':
        keep_freed_memory()
    tiling = Tiling.of(args.window or model.window, batch_size=args.batch_size)
    damaged = False
    for scene in scenes:
        report = predict_scene(
            scene, model, args.out, tiling, args.augment, args.amp, args.confidence
        )
        print(report_text(report), flush=True)
        if args.polygons:
            path, areas = write_polygons(report.path, model.classes, args.min_area, args.simplify)
            print(f'{path}: ' + ', '.join(f'{name} {area:.2f} ha' for name, area in areas.items()))
        damaged = damaged or bool(report.unreadable)
    return int(damaged)


if __name__ == '__main__':
    run_tool(main)
