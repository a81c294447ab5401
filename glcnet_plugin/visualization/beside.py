"""Draw maps beside their scene."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray
from rasterio.enums import ColorInterp, Resampling

from glcnet_plugin.datasets.io.rasters import opened
from glcnet_plugin.visualization.views import to_rgb

SIDE = 768  # pixels at which rasters are drawn, at most
HEAT = 'magma'
BLANK = 255  # grey of nodata


def draw_beside(scene: str | Path, maps: Mapping[str, str | Path]) -> Figure:
    """Draw maps beside their scene, from the overviews of the files.

    Args:
        scene: Raster of the scene.
        maps: Rasters by title: classes with a colour table, three bands of uint8 as colours, or one
            band in per cent, drawn as heat. 255 is nodata and left white.

    Returns:
        The figure, one panel each.
    """
    figure = Figure(figsize=(3.6 * (len(maps) + 1), 4.0), layout='constrained')
    axes = figure.subplots(1, len(maps) + 1)
    axes[0].imshow(to_rgb(_read(scene, filled=np.nan)[0]))
    axes[0].set_title('scene', fontsize=9)
    for axis, (title, path) in zip(axes[1:], maps.items(), strict=True):
        values, colours = _read(path, Resampling.nearest)
        axis.set_title(title, fontsize=9)
        if colours is None and values.shape[2] == 1:
            heat = ScalarMappable(Normalize(0, 100), HEAT)
            figure.colorbar(heat, ax=axis, shrink=0.7, label='per cent')
            colours = (255 * colormaps[HEAT](np.linspace(0, 1, 101))[:, :3]).astype(np.uint8)
            colours = np.pad(colours, ((0, 155), (0, 0)), constant_values=BLANK)
        axis.imshow(values if colours is None else colours[values[..., 0]])
    for axis in axes:
        axis.set_axis_off()
    return figure


def _read(
    path: str | Path, resampling: Resampling = Resampling.average, filled: float | None = None
) -> tuple[NDArray[Any], NDArray[np.uint8] | None]:
    """A raster (H, W, bands) at the size it is drawn, and the colours (256, 3) of its values."""
    with opened(path) as raster:
        factor = min(1.0, SIDE / max(raster.shape))
        shape = (raster.count, *(max(1, round(side * factor)) for side in raster.shape))
        values = raster.read(out_shape=shape, resampling=resampling, masked=filled is not None)
        if np.ma.is_masked(values):
            values = values.astype(np.float32).filled(filled)
        values = np.moveaxis(np.asarray(values), 0, -1)
        if raster.colorinterp[0] != ColorInterp.palette:
            return values, None
        colours = np.full((256, 3), BLANK, np.uint8)
        for value, colour in raster.colormap(1).items():
            if colour[3]:
                colours[value] = colour[:3]
        return values, colours
