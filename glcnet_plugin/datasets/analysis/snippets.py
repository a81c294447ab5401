"""Pieces of configs that use what was measured on the data."""

import textwrap
from collections.abc import Sequence

import numpy as np

from glcnet_plugin.datasets.analysis.band_statistics import BandStatistics


def normalisation_snippet(statistics: BandStatistics, number: int) -> str:
    """Config that normalises with statistics.

    Args:
        statistics: The statistics.
        number: Number of images that they describe.

    Returns:
        Python text.
    """
    names = list(statistics.names)
    # a band of one value carries nothing, but must not be divided by 0
    rows = {'mean': statistics.mean, 'std': np.where(statistics.std > 0, statistics.std, 1)}
    lines = [f'# {len(names)} bands of {number} images, {int(statistics.count.max())} pixels']
    lines += ['model = dict(', '    data_preprocessor=dict(']
    for key, values in rows.items():
        lines.append(f'        {key}=[{", ".join(f"{value:.6g}" for value in values)}],')
    if all(names):
        lines.append(f'        band_names={names},')
    lines.append('    ),')
    lines += [f'    backbone=dict(in_channels={len(names)}),']
    return '\n'.join([*lines, ')', ''])


def class_weight_snippet(weights: Sequence[float], origin: str) -> str:
    """Config that sets class weights.

    Args:
        weights: One per class.
        origin: Where they come from, for the comment.

    Returns:
        Python text.
    """
    numbers = ', '.join(f'{weight:.4g}' for weight in weights)
    line = f'model = dict(decode_head=dict(loss_decode=dict(class_weight=[{numbers}])))'
    if len(line) > 100:
        body = textwrap.fill(numbers, 96, initial_indent='    ', subsequent_indent='    ')
        line = f'model = dict(decode_head=dict(loss_decode=dict(class_weight=[\n{body},\n])))'
    return f'# {origin}\n{line}\n'
