"""Where weights come from: paths, addresses and names of published models."""

import re
from pathlib import Path
from urllib.parse import urlparse

import torch
from mmengine.dist import barrier, get_local_rank
from mmengine.runner.checkpoint import (
    get_deprecated_model_names,
    get_external_models,
    get_mmcls_models,
    get_torchvision_models,
)

from glcnet_plugin.checkpoints.published import PACKAGED, TIMM, packaged_file, timm_file
from glcnet_plugin.errors import DataError

# Tables of names in mmengine, by the start of an address.
CATALOGUES = {
    'torchvision://': get_torchvision_models,
    'modelzoo://': get_torchvision_models,  # its former name
    'open-mmlab://': get_external_models,
    'openmmlab://': get_external_models,
    'mmcls://': get_mmcls_models,
}
WEB = ('https://', 'http://')
# `name-0676ba61.pth`: how torch, MM and tools/export.py write the start of the SHA-256
DIGEST = re.compile(r'-([0-9a-f]{8,64})\.pth')


def local_file(source: str) -> Path:
    """Path of a file, after a download where it is an address.

    Args:
        source: Path; ``https://`` address, kept in the cache of ``torch.hub`` and compared with
            the SHA-256 that its name gives; or a name such as ``torchvision://resnet50``,
            ``timm://resnet50.a1_in1k`` or ``imagenet://efficientnet_lite0``.

    Returns:
        The path, of a file that may be missing where ``source`` is a path.

    Raises:
        DataError: If there are no weights of that name, or the file could not be downloaded.
    """
    if source.startswith(PACKAGED):
        return packaged_file(source)
    if source.startswith(TIMM):
        return timm_file(source)
    catalogue = next((start for start in CATALOGUES if source.startswith(start)), None)
    if catalogue is not None:
        source = _published(catalogue, source.removeprefix(catalogue))
    if source.startswith(WEB):
        return _download(source)
    if '://' in source:
        known = ', '.join((*WEB, PACKAGED, TIMM, *CATALOGUES))
        raise DataError(
            f'{source}: only {known} addresses are read; download it, and give its path'
        )
    return Path(source).expanduser()


def _published(catalogue: str, name: str) -> str:
    """Address of a published model."""
    addresses = CATALOGUES[catalogue]()
    if 'mmlab' in catalogue:
        name = get_deprecated_model_names().get(name, name)
    if name not in addresses:
        near = [known for known in addresses if known.startswith(name[:6])]
        title = catalogue.removesuffix('://')
        raise DataError(f'{title} has no weights {name!r}; near: {", ".join(near[:8])}')
    return str(addresses[name])


def _download(address: str) -> Path:
    """Fetch a file once per machine into the cache of ``torch.hub``."""
    path = Path(torch.hub.get_dir(), 'checkpoints', Path(urlparse(address).path).name)
    try:
        if get_local_rank() == 0 and not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            digest = DIGEST.search(path.name)
            torch.hub.download_url_to_file(
                address, str(path), hash_prefix=digest[1] if digest else None, progress=False
            )
    except (OSError, RuntimeError) as error:
        raise DataError(
            f'{address} could not be downloaded ({error}): download it on a machine with network '
            f'access, and give its path, or put it at {path}'
        ) from error
    finally:
        barrier()  # the other processes of the machine read what this one wrote
    return path
