"""Validation of tiles in sliding windows: ours against mmseg's, seconds and peak memory.

Both predict the same tiles with the same weights: windows one at a time and ``IoUMetric``, or
windows in batches and ``RSSegMetric``. Their scores have to agree.

Example:
    python benchmarks/validation.py --tiles 2000
"""

import argparse
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from measure import peak_bytes, report
from mmengine.config import Config
from mmengine.registry import METRICS, MODELS, DefaultScope
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

import glcnet_plugin.registry  # noqa: F401 - registers the classes
from glcnet_plugin.study.settings import config_file

CONFIG = 'downstream/d3plus_r18w16_1xb8-120i_demo.py'
SLIDE = dict(mode='slide', crop_size=(256, 256), stride=(170, 170))
CLASSES = 6
SIDES = {
    'ours': ('glcnet_plugin.RSEncoderDecoder', dict(type='glcnet_plugin.RSSegMetric')),
    'mmseg': (None, dict(type='mmseg.IoUMetric', iou_metrics=['mIoU'], ignore_index=255)),
}


def network(side: str) -> Any:
    """The network of the demo in sliding windows, with the same weights for both sides."""
    cfg = Config.fromfile(config_file(CONFIG)).model
    cfg.test_cfg, cfg.decode_head.num_classes = SLIDE, CLASSES
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmseg'):
        model = MODELS.build(cfg)
    if side == 'mmseg':
        model.slide_inference = partial(super(type(model), type(model)).slide_inference, model)
    return model.eval()


def validate(side: str, tiles: int, size: int) -> dict[str, float]:
    """Predict and score random tiles as a validation loop of MM does.

    Args:
        side: A key of ``SIDES``.
        tiles: Their number.
        size: Their side in pixels.

    Returns:
        Scores.
    """
    model = network(side)
    with DefaultScope.overwrite_default_scope('mmseg'):
        metric = METRICS.build(SIDES[side][1])
    metric.dataset_meta = dict(classes=[str(i) for i in range(CLASSES)])
    generator = torch.Generator().manual_seed(1)
    for _ in range(tiles):
        image = torch.randint(256, (3, size, size), generator=generator, dtype=torch.uint8)
        truth = torch.randint(CLASSES, (1, size, size), generator=generator)
        shape = (size, size)
        sample = SegDataSample(metainfo=dict(img_shape=shape, ori_shape=shape, pad_shape=shape))
        sample.gt_sem_seg = PixelData(data=truth)
        with torch.no_grad():
            outputs = model.test_step({'inputs': [image], 'data_samples': [sample]})
        metric.process({}, [output.to_dict() for output in outputs])
    return {key.rsplit('/')[-1]: float(value) for key, value in metric.evaluate(tiles).items()}


def seconds(function: Callable[[], Any]) -> tuple[float, Any]:
    """Wall time of a call, and its result."""
    begin = time.perf_counter()
    result = function()
    return time.perf_counter() - begin, result


def compare(tiles: int, size: int, memory: bool) -> dict[str, Any]:
    """Figures of both sides.

    Args:
        tiles: Number of tiles.
        size: Their side in pixels.
        memory: Whether to measure the peak memory, which takes as long again.

    Returns:
        Seconds, scores and MiB of both, and the ratios.

    Raises:
        RuntimeError: If their scores differ.
    """
    rows: dict[str, Any] = {}
    for side in SIDES:
        validate(side, 1, size)
        took, scores = seconds(partial(validate, side, tiles, size))
        rows[side] = {'seconds': round(took, 2), 'mIoU': round(scores['mIoU'], 5)}
        if memory:
            rows[side]['peak_mib'] = round(peak_bytes(partial(validate, side, tiles, size)) / 2**20)
    ours, theirs = rows['ours'], rows['mmseg']
    if abs(100 * ours['mIoU'] - theirs['mIoU']) > 0.02:  # mmseg: per cent, of two digits
        raise RuntimeError(f'the scores differ: {rows}')
    return {**rows, 'seconds_mmseg_over_ours': round(theirs['seconds'] / ours['seconds'], 2)}


def main() -> None:
    """Compare."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--tiles', type=int, default=100)
    parser.add_argument('--size', type=int, default=512, help='side of a tile in pixels')
    args = parser.parse_args()
    torch.set_num_threads(1)
    report('validation', {'tiles': args.tiles, 'size': args.size,
                          **compare(args.tiles, args.size, memory=True)})  # fmt: skip


if __name__ == '__main__':
    main()
