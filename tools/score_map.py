r"""Score maps against a label raster or polygons: OA, AA, Kappa, mIoU, mF1, the table of classes.

Labels of another grid or CRS are brought to that of the map. Several maps are scored as one.

Example:
    python tools/score_map.py maps/a_map.tif --labels data/a_labels.tif --erode 3
    python tools/score_map.py maps/*_map.tif --labels checked.gpkg --column class --out scores
"""

import argparse
from pathlib import Path

from glcnet_plugin.utils.cli import exit_on_error, run_tool, whole_number
from glcnet_plugin.utils.quiet import quiet_imports

with exit_on_error(), quiet_imports():
    from glcnet_plugin.datasets.vector.options import add_label_options, label_options
    from glcnet_plugin.evaluation.confusion import confusion_scores
    from glcnet_plugin.evaluation.map_scores import score_maps
    from glcnet_plugin.evaluation.score_files import scores_table, write_scores


def main() -> None:
    """Score, print and save."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('maps', nargs='+', help='rasters of class ids, as predict_scene.py writes')
    parser.add_argument(
        '--labels', required=True, help='raster of class ids, GeoPackage, GeoJSON or Shapefile'
    )
    parser.add_argument(
        '--erode', type=whole_number, default=0, metavar='PIXELS',
        help='ignore this distance around boundaries of the labels, 3 as ISPRS does (default: 0)',
    )  # fmt: skip
    text = 'folder for scores.json and scores.csv (default: beside the first map, NAME_scores)'
    parser.add_argument('--out', type=Path, help=text)
    add_label_options(parser)
    args = parser.parse_args()
    score = score_maps(
        args.maps, args.labels, erode=args.erode, point_radius=args.point_radius,
        **label_options(args),
    )  # fmt: skip
    scores = confusion_scores(score.hist)
    print(scores_table(scores, score.classes))
    print(f'{score.hist.sum()} labelled pixels')
    for count, what in ((score.eroded, 'near boundaries'), (score.unpredicted, 'without a class')):
        if count:
            print(f'{count} labelled pixels {what} do not count')
    for note in score.notes:
        print(f'note: {note}')
    first = Path(args.maps[0])
    folder = args.out or first.with_name(f'{first.stem}_scores')
    write_scores(folder, 'scores', score.hist, scores, score.classes)
    print(f'saved in {folder}')


if __name__ == '__main__':
    run_tool(main)
