"""MM reads checkpoints with the safe reader: to resume, to score, to start from."""

from typing import Any

from mmengine.runner.checkpoint import CheckpointLoader

from glcnet_plugin.checkpoints.safe_load import read_checkpoint
from glcnet_plugin.checkpoints.sources import CATALOGUES, WEB

MMCLS = 'mmcls://'


def use_safe_reader() -> None:
    """Replace mmengine's reader of checkpoints in this process.

    mmengine's own reads what its safe list refuses with the unsafe reader, and ``Runner.resume``
    executes ``meta['config']`` as Python, also that of a file which ``weights_only=True`` accepts.
    ``resume``, ``load_from``, ``init_cfg=dict(type='Pretrained', ...)`` and the ``init_model`` of
    the toolboxes all read through here. Addresses of object stores (``s3://``, ``petrel://``) and
    ``pavi://`` stay with mmengine, which has clients for them.
    """
    CheckpointLoader.register_scheme(('', *WEB, *CATALOGUES), load_from_safe, force=True)


def load_from_safe(filename: str, map_location: Any = 'cpu') -> dict[str, Any]:
    """Read a checkpoint for mmengine, which logs the end of this name.

    Args:
        filename: Path or address.
        map_location: As for ``torch.load``.

    Returns:
        Its content. ``meta['config']``, which would be executed, is under ``meta['cfg']``, which
        is only compared.

    Raises:
        DataError: See :func:`read_checkpoint`.
    """
    content = read_checkpoint(filename, map_location)
    meta = content.get('meta')
    if isinstance(meta, dict) and 'config' in meta:
        meta.setdefault('cfg', meta.pop('config'))
    if filename.startswith(MMCLS):  # whole classifiers, whose backbone mmengine gives alone
        state = content.get('state_dict', content)
        start = 'backbone.'
        kept = {key.removeprefix(start): state[key] for key in state if key.startswith(start)}
        return {'state_dict': kept}
    return content
