"""Cost of the embedding metrics, in percent of the training time of the demo.

The metrics of both branches every 50 iterations, against 50 forward and backward steps with 32
pairs of views of 64 px.

Example:
    python benchmarks/embedding_metrics.py
"""

from collections.abc import Callable
from pathlib import Path

import torch
from measure import median_seconds, no_options, report
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope
from mmpretrain.structures import DataSample

from glcnet_plugin.geometry import view_overlap
from glcnet_plugin.models.utils.embedding_metrics import embedding_metrics

CONFIG = 'glcnet_r18w16-d3plus_1xb32-60e_demo.py'
INTERVAL, PAIRS, SIDE, REGIONS, WIDTH = 50, 32, 64, 4, 64


def training_step() -> Callable[[], float]:
    """A function that runs one step of the demo's network and returns the loss."""
    cfg = Config.fromfile(Path(__file__).parents[1] / 'configs/glcnet' / CONFIG)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        model = MODELS.build(cfg.model)
    sample = DataSample()
    sample.set_field(torch.eye(3).repeat(2, 1, 1), 'view_matrix')
    views = [torch.randint(0, 256, (PAIRS, 3, SIDE, SIDE)).byte() for _ in range(2)]

    def step() -> float:
        data = model.data_preprocessor({'inputs': views, 'data_samples': [sample] * PAIRS}, True)
        loss = model.parse_losses(model(**data, mode='loss'))[0]
        loss.backward()
        return float(loss.detach())

    return step


def compute_metrics() -> list[float]:
    """Metrics of both branches and the overlap of the views, as the hook logs them."""
    metrics = [view_overlap(torch.eye(3).repeat(PAIRS, 2, 1, 1), SIDE).mean()]
    for count in (PAIRS, PAIRS * REGIONS):
        metrics += embedding_metrics(*torch.randn(2, count, WIDTH)).values()
    return [value.item() for value in metrics]


def main() -> None:
    """Measure both and print the ratio."""
    no_options(__doc__)
    torch.manual_seed(0)
    step, metrics = median_seconds(training_step(), 20), median_seconds(compute_metrics, 50)
    report(
        'embedding_metrics',
        {
            'step_ms': 1e3 * step,
            'metrics_ms': 1e3 * metrics,
            'interval': INTERVAL,
            'percent': 100 * metrics / (INTERVAL * step),
        },
    )


if __name__ == '__main__':
    main()
