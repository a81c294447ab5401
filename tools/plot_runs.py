"""Plot losses, embedding metrics and probe scores of trainings, finished or not.

Example:
    python tools/plot_runs.py work_dirs/healthy work_dirs/collapsed --out curves.png
"""

import argparse
from pathlib import Path

from glcnet_plugin.utils.cli import exit_on_error
from glcnet_plugin.utils.quiet import quiet_imports

with exit_on_error(), quiet_imports():
    from glcnet_plugin.errors import ConfigError
    from glcnet_plugin.visualization.curves import COLOURS, draw_curves, read_curves


def main() -> None:
    """Read the logs and write the plot."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('runs', nargs='+', type=Path, help='work dirs')
    parser.add_argument('--out', type=Path, default=Path('curves.png'), help='.png, .svg or .pdf')
    args = parser.parse_args()
    with exit_on_error():
        if len(args.runs) > len(COLOURS):
            raise ConfigError(
                f'{len(args.runs)} runs, at most {len(COLOURS)} can be plotted: leave some out'
            )
        figure = draw_curves({str(folder): read_curves(folder) for folder in args.runs})
        args.out.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(args.out, dpi=110)
    print(args.out)


if __name__ == '__main__':
    main()
