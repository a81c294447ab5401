"""Predicting a scene: speed and memory against mmseg's slide mode, and the error at seams.

Both predict the same generated scene with EfficientNet-Lite0 and a linear head, random weights, on
the CPU: predict_scene by blended windows, mmseg by inference_model in slide mode on the whole image
with windows of the same size and overlap. Seams: the largest and the mean difference between the
class probabilities of blended windows and of the whole image at once.

With --large, a network of one convolution and two classes predicts scenes of growing size from and
to the disk, by windows of 1,024 px, to see whether the memory grows.

Example:
    python benchmarks/scene_prediction.py
    python benchmarks/scene_prediction.py --large 4000 30000
"""

import argparse
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import torch
from measure import peak_bytes, report
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope
from mmseg.apis import inference_model
from numpy.typing import NDArray
from scene_windows import write_scene
from torch import nn

from glcnet_plugin.engine.run_config import CONFIGS
from glcnet_plugin.inference.block_predictor import BlockPredictor, Tiling
from glcnet_plugin.inference.model import SegmentationModel
from glcnet_plugin.inference.scene import predict_scene

CONFIG = CONFIGS / 'downstream/linear_lite0_1xb8-300i_few-labels.py'
WINDOW, OVERLAP = 256, 64
CLASSES = ('a', 'b', 'c', 'd', 'e', 'f')
MEGABYTE = 2**20


class Small(nn.Module):
    """One convolution: a pixel depends on 3 x 3 pixels."""

    def __init__(self, classes: int = len(CLASSES)) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.Conv2d(3, classes, 3, padding=1)

    def data_preprocessor(self, data: dict[str, Any], training: bool) -> dict[str, Any]:
        """Scale to 0 to 1."""
        return {'inputs': torch.stack(data['inputs']) / 255, 'data_samples': None}

    def encode_decode(self, inputs: torch.Tensor, metas: Any) -> torch.Tensor:
        """Logits."""
        logits: torch.Tensor = 20 * self.layers(inputs)
        return logits


def lite0() -> tuple[Any, Config]:
    """EfficientNet-Lite0 with a linear head, random weights, in mmseg's slide mode."""
    cfg = Config.fromfile(CONFIG)
    stride = (WINDOW - OVERLAP,) * 2
    cfg.model.test_cfg = {'mode': 'slide', 'crop_size': (WINDOW,) * 2, 'stride': stride}
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmseg'):
        network = MODELS.build(cfg.model)
    nn.init.normal_(network.decode_head.conv_seg.weight, std=1.0)
    network.cfg = cfg
    return network.eval(), cfg


def model_of(network: Any, classes: int = len(CLASSES)) -> SegmentationModel:
    """The network as predict_scene takes it, which does the windows."""
    if hasattr(network, 'test_cfg'):
        network.test_cfg = Config({'mode': 'whole'})
    palette = [[40 * i] * 3 for i in range(classes)]
    return SegmentationModel(
        network, CLASSES[:classes], palette, 3, None, WINDOW, False, {}, 'random'
    )


TILING = Tiling(WINDOW, OVERLAP, OVERLAP // 8, batch_size=4)  # of both


def ours(scene: str, out: str) -> None:
    """Predict a scene from and to the disk."""
    predict_scene(scene, model_of(lite0()[0]), out, TILING)


def large(scene: str, out: str) -> None:
    """The same by the small network."""
    tiling = Tiling(1024, OVERLAP, OVERLAP // 8, batch_size=1)
    predict_scene(scene, model_of(Small(2).eval(), 2), out, tiling)


def slide(scene: str, out: str) -> None:
    """The same by mmseg, written as a GeoTIFF by hand."""
    network, _ = lite0()
    with DefaultScope.overwrite_default_scope('mmseg'):
        classes = inference_model(network, scene).pred_sem_seg.data[0].numpy().astype(np.uint8)
    with rasterio.open(scene) as raster:
        profile = {**raster.profile, 'count': 1}
    with rasterio.open(Path(out) / 'slide.tif', 'w', **profile) as raster:
        raster.write(classes, 1)


def seam_error(network: Any, scene: str, size: int) -> dict[str, float]:
    """Difference between the probabilities of blended windows and of the whole scene."""
    model = model_of(network)
    predictor = BlockPredictor(scene, (size, size), model, TILING)
    sums, weights, _, _ = predictor.blend(((0, size), (0, size)))
    with rasterio.open(scene) as raster:
        whole = model.probabilities(torch.from_numpy(raster.read())[None].float())[0].numpy()
    difference: NDArray[Any] = np.abs(sums / weights - whole)
    classes = (sums.argmax(0) != whole.argmax(0)).mean()
    return {
        'largest': float(f'{difference.max():.3g}'),
        'mean': float(f'{difference.mean():.3g}'),
        'pixels_of_another_class': float(f'{classes:.3g}'),
    }


def measured(function: Any, size: int) -> dict[str, float]:
    """Time, pixels per second and growth of the peak memory, each run in a process of its own."""
    start = time.perf_counter()
    memory = peak_bytes(function)  # with the start of the process and the building of the network
    seconds = time.perf_counter() - start
    return {
        'seconds': round(seconds, 1),
        'pixels_per_s': round(size * size / seconds),
        'peak_MiB': round(memory / MEGABYTE),
    }


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--size', type=int, default=4096, help='side of the scene in pixels')
    parser.add_argument('--seam-size', type=int, default=768, help='side of that of the seams')
    parser.add_argument('--large', type=int, nargs='*', help='sides of scenes for memory alone')
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        scene = str(out / 'scene.tif')
        if args.large:
            figures: dict[str, Any] = {}
            for size in args.large:
                write_scene(Path(scene), size)
                figures[f'side_{size}'] = measured(partial(large, scene, folder), size)
                print(size, figures[f'side_{size}'], file=sys.stderr, flush=True)
            report('scene_prediction_large', figures)
            return
        write_scene(Path(scene), args.seam_size)
        seams = {
            'small': seam_error(Small().eval(), scene, args.seam_size),
            'lite0': seam_error(lite0()[0], scene, args.seam_size),
        }
        write_scene(Path(scene), args.size)
        report(
            'scene_prediction',
            {
                'side': args.size,
                'predict_scene': measured(partial(ours, scene, folder), args.size),
                'slide': measured(partial(slide, scene, folder), args.size),
                'seam_side': args.seam_size,
                'seams': seams,
            },
        )


if __name__ == '__main__':
    main()
