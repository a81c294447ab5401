"""Draw feature maps as colours."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Tensor

from glcnet_plugin.visualization.views import to_rgb

GREY = 127
FLAT = 1e-6  # deviation, relative to the largest value, below which a component is noise


def pca_colours(maps: Tensor) -> tuple[NDArray[np.uint8], list[float]]:
    """Show the first three principal components of feature maps as red, green and blue.

    The components are those of the cells of all maps together, so that one colour means the
    same everywhere. The sign of a component is such that its largest loading is positive; its
    values between the 2nd and 98th percentile become 0 to 255. One that does not vary is grey,
    and so are cells that are not finite.

    Args:
        maps: (N, D, h, w).

    Returns:
        (N, h, w, 3) colours, and the shares of the variance of the three components.
    """
    number, _, height, width = maps.shape
    cells = maps.detach().cpu().double().movedim(1, -1).flatten(0, 2)  # (N h w, D)
    sound = cells.isfinite().all(1)
    centred = cells[sound] - cells[sound].mean(0)
    _, deviations, loadings = torch.linalg.svd(centred, full_matrices=False)
    total = deviations.square().sum()
    colours = np.full((len(cells), 3), GREY, np.uint8)
    shares = [0.0, 0.0, 0.0]
    for k, (deviation, loading) in enumerate(zip(deviations[:3], loadings[:3], strict=True)):
        if deviation <= FLAT * cells[sound].abs().max() * len(centred) ** 0.5:
            break
        values = (centred @ (loading * loading[loading.abs().argmax()].sign())).numpy()
        low, high = np.percentile(values, [2, 98])
        colours[sound.numpy(), k] = 255 * np.clip((values - low) / max(high - low, 1e-12), 0, 1)
        shares[k] = float(deviation.square() / total)
    return colours.reshape(number, height, width, 3), shares


def draw_features(
    images: Sequence[NDArray[Any]], maps: Tensor, titles: Sequence[str], name: str
) -> Figure:
    """Draw feature maps below their images.

    Args:
        images: N images (H, W, bands).
        maps: (N, D, h, w), shown as :func:`pca_colours` does.
        titles: One per image.
        name: What the maps are.

    Returns:
        The figure, one column per image.
    """
    colours, shares = pca_colours(maps)
    figure = Figure(figsize=(2.6 * len(images), 5.9), layout='constrained')
    axes = figure.subplots(2, len(images), squeeze=False)
    for column, (image, title) in enumerate(zip(images, titles, strict=True)):
        upper, lower = axes[:, column]
        upper.imshow(to_rgb(image))
        upper.set_title(title, fontsize=8)
        extent = (0, image.shape[1], image.shape[0], 0)
        lower.imshow(colours[column], extent=extent, interpolation='bilinear')
        for axis in (upper, lower):
            axis.set(xticks=[], yticks=[])
    axes[0, 0].set_ylabel('image')
    axes[1, 0].set_ylabel(f'{maps.shape[1]} channels, {maps.shape[2]} x {maps.shape[3]} cells')
    parts = ', '.join(f'{100 * share:.0f}' for share in shares)
    figure.suptitle(f'{name}: 3 principal components\n{parts} % of the variance', fontsize=9)
    return figure
