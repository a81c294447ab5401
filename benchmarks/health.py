"""What the health numbers cost, in per cent of the training steps of the demo.

A look at both branches every 50 iterations, against 50 steps of forward and backward with 32
pairs of views of 64 px.

Example:
    python benchmarks/health.py
"""

from pathlib import Path
from typing import Any

import torch
from measure import median_seconds, report
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope
from mmpretrain.structures import DataSample

from glcnet_plugin.geometry import view_overlap
from glcnet_plugin.models.utils.embedding_metrics import embedding_metrics

CONFIG = 'glcnet_resnet18w16-deeplabv3plus_1xb32-adam-coslr-60e_demo.py'
INTERVAL, PAIRS, SIDE, REGIONS, WIDTH = 50, 32, 64, 4, 64


def training_step() -> Any:
    """A function that runs one step of the demo's network."""
    cfg = Config.fromfile(Path(__file__).parents[1] / 'configs/glcnet' / CONFIG)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        model = MODELS.build(cfg.model)
    sample = DataSample()
    sample.set_field(torch.eye(3).repeat(2, 1, 1), 'view_matrix')
    views = [torch.randint(0, 256, (PAIRS, 3, SIDE, SIDE)).byte() for _ in range(2)]

    def step() -> None:
        data = model.data_preprocessor({'inputs': views, 'data_samples': [sample] * PAIRS}, True)
        model.parse_losses(model(**data, mode='loss'))[0].backward()

    return step


def look() -> None:
    """The numbers of one look, written out as the hook does."""
    found = [view_overlap(torch.eye(3).repeat(PAIRS, 2, 1, 1), SIDE).mean()]
    for count in (PAIRS, PAIRS * REGIONS):
        found += embedding_metrics(*torch.randn(2, count, WIDTH)).values()
    for value in found:
        value.item()


def main() -> None:
    """Measure both and print the ratio."""
    torch.manual_seed(0)
    step, one_look = median_seconds(training_step(), 20), median_seconds(look, 50)
    report(
        'health',
        {
            'step_ms': 1e3 * step,
            'look_ms': 1e3 * one_look,
            'interval': INTERVAL,
            'per_cent': 100 * one_look / (INTERVAL * step),
        },
    )


if __name__ == '__main__':
    main()
