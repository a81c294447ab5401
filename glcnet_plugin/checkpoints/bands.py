"""Bands of a network: their names, normalisation and number."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

RGB = 3


def inflate_bands(weight: Tensor, bands: int) -> Tensor:
    """Kernels for more or fewer bands out of those for R, G, B.

    Every band gets the mean of the three kernels, times 3 / ``bands``: an image with equal bands
    then gives the same output as before.

    Args:
        weight: (C, 3, h, w).
        bands: Number of bands N.

    Returns:
        (C, N, h, w).
    """
    mean = weight.mean(1, keepdim=True) * (weight.shape[1] / bands)  # (C, 1, h, w)
    return mean.repeat(1, bands, 1, 1)


def inflate_first_convolution(
    offered: dict[str, Tensor], wanted: Mapping[str, Tensor]
) -> list[str]:
    """Inflate, in place, the RGB kernels of a state dict that a network wants for N bands.

    Args:
        offered: State dict of a checkpoint.
        wanted: State dict of the network.

    Returns:
        What was inflated, a line each for the log.
    """
    notes = []
    for key, weight in offered.items():
        target = wanted.get(key)
        if target is None or weight.ndim != 4 or weight.shape == target.shape:
            continue
        bands = target.shape[1]
        if weight.shape[1] == RGB and weight.shape[2:] == target.shape[2:]:
            offered[key] = inflate_bands(weight, bands)
            notes.append(
                f'{key}: kernels of 3 bands inflated to {bands} (mean of R, G, B times 3/{bands})'
            )
    return notes


def band_record(model: nn.Module) -> dict[str, Any] | None:
    """The record of its bands that a checkpoint should hold.

    Args:
        model: Network with a ``data_preprocessor``.

    Returns:
        ``names`` (or None), ``mean`` and ``std`` in units of the images; None where nothing is
        normalised.
    """
    preprocessor = getattr(model, 'data_preprocessor', None)
    if preprocessor is None or not isinstance(getattr(preprocessor, 'mean', None), Tensor):
        return None
    names = getattr(preprocessor, 'band_names', None)
    return {
        'names': None if names is None else list(names),
        'mean': preprocessor.mean.flatten().tolist(),
        'std': preprocessor.std.flatten().tolist(),
    }


def band_differences(before: Mapping[str, Any] | None, now: Mapping[str, Any] | None) -> list[str]:
    """Compare the bands of pretraining with those of a network.

    Args:
        before: :func:`band_record` in the checkpoint, or None.
        now: :func:`band_record` of the network, or None.

    Returns:
        One sentence per difference.
    """
    if before is None or now is None:
        return []
    differences = []
    if before['names'] and now['names'] and before['names'] != now['names']:
        differences.append(
            f'bands were {before["names"]} in pretraining, they are {now["names"]} here'
        )
    for key in ('mean', 'std'):
        same = len(before[key]) == len(now[key]) and torch.allclose(
            torch.tensor(before[key]), torch.tensor(now[key]), rtol=1e-4
        )
        if not same:
            old, new = ([round(value, 4) for value in record[key]] for record in (before, now))
            differences.append(f'{key} was {old} in pretraining, it is {new} here')
    return differences
