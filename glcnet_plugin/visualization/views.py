"""Draw pairs of views and the regions that show the same ground."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray
from torch import Tensor

DARK = 128  # uint8 images that hardly reach this are brightened
COLOURS = ('#ffd400', '#00d5ff', '#ff4d6d', '#7dff5a', '#ff9e3d', '#c58bff', '#ffffff', '#3d7bff')


def to_rgb(image: NDArray[Any], bands: Sequence[int] = (0, 1, 2)) -> NDArray[np.uint8]:
    """Convert an image of any bands and range to RGB for display.

    Args:
        image: (H, W, bands). uint8 is kept unless it is dark; otherwise values are
            stretched between the 2nd and 98th percentile.
        bands: Indices of red, green and blue; of one-band images the band is repeated.

    Returns:
        (H, W, 3) uint8.
    """
    chosen = image[..., [min(band, image.shape[2] - 1) for band in bands]]
    low, high = np.nanpercentile(chosen, [2, 98])
    if chosen.dtype == np.uint8 and high >= DARK:
        return np.ascontiguousarray(chosen)
    stretched = (chosen.astype(np.float64) - low) / max(high - low, 1e-9)
    # OpenCV draws on rows that follow each other only
    return np.ascontiguousarray(255 * np.clip(np.nan_to_num(stretched), 0, 1), np.uint8)


def draw_matched_regions(
    views: Sequence[Sequence[NDArray[Any]]],
    boxes: Tensor,
    valid: Tensor,
    titles: Sequence[str] = (),
) -> Figure:
    """Draw pairs of views side by side; a region has one colour and number in both.

    Args:
        views: B pairs of images (H, W, bands).
        boxes: (B, 2, K, 4) boxes in view pixels.
        valid: (B, K) regions to draw.
        titles: One per pair, or none.

    Returns:
        The figure, one column per pair.
    """
    figure = Figure(figsize=(2.6 * len(views), 5.2), layout='constrained')
    axes = figure.subplots(2, len(views), squeeze=False)
    for column, pair in enumerate(views):
        for row, image in enumerate(pair):
            axis = axes[row, column]
            height, width = image.shape[:2]
            # edges at integers, as in glcnet_plugin.geometry
            axis.imshow(to_rgb(image), extent=(0, width, height, 0))
            axis.set(xticks=[], yticks=[])
            if column == 0:
                axis.set_ylabel(f'view {row + 1}')
            if titles and row == 0:
                axis.set_title(titles[column], fontsize=8)
            for k in valid[column].nonzero().flatten().tolist():
                x0, y0, x1, y1 = boxes[column, row, k].tolist()
                colour = COLOURS[k % len(COLOURS)]
                box = Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, color=colour, linewidth=2)
                box.set_path_effects([withStroke(linewidth=4, foreground='black', alpha=0.5)])
                axis.add_patch(box)
                label = {'color': colour, 'fontsize': 9, 'fontweight': 'bold', 'va': 'top'}
                ground = {'facecolor': 'black', 'alpha': 0.6, 'linewidth': 0, 'pad': 1}
                axis.text(x0, y0, f' {k + 1}', bbox=ground, **label)
    return figure


def to_pixels(figure: Figure, dpi: int = 100) -> NDArray[np.uint8]:
    """Render a figure without pyplot, whose state belongs to the user.

    Args:
        figure: The figure.
        dpi: Pixels per inch of its size.

    Returns:
        (H, W, 3) R, G, B.
    """
    figure.set_dpi(dpi)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.ascontiguousarray(np.asarray(canvas.buffer_rgba())[..., :3])
