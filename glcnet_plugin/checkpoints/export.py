"""Export the weights of a checkpoint: only tensors and plain facts."""

import hashlib
import io
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from glcnet_plugin import __version__
from glcnet_plugin.checkpoints.key_conversion import to_mm, to_timm, to_torchvision
from glcnet_plugin.checkpoints.loading import module_of, scope_filter, tensors_of
from glcnet_plugin.checkpoints.safe_load import read_weights
from glcnet_plugin.errors import CheckpointMismatchError, ConfigError
from glcnet_plugin.utils.atomic_io import write_atomic
from glcnet_plugin.utils.config_diff import read_config

LAYOUTS: dict[str, Callable[[Mapping[str, torch.Tensor]], dict[str, torch.Tensor]]] = {
    'mm': dict,
    'torchvision': to_torchvision,
    'timm': to_timm,
}
# parts of a model's config that have entries of their own in the exported facts
RECORDS = ('bands', 'git_hash', 'data', 'tile_side', 'epoch', 'iter')
PARTS = ('backbone', 'neck', 'decode_head', 'data_preprocessor')


@dataclass
class ExportReport:
    """The file that was written, and the number of tensors per module."""

    path: Path
    exported: dict[str, int]
    dropped: dict[str, int]


def export_weights(
    checkpoint: str,
    out: str | Path,
    scope: str | None = None,
    layout: str = 'mm',
    name: str | None = None,
) -> ExportReport:
    """Write a part of a checkpoint into a file that ``torch.load(weights_only=True)`` reads.

    The file holds ``state_dict`` and ``meta``, of plain types only. The same checkpoint, scope
    and layout give the same bytes with the same version of torch.

    Args:
        checkpoint: Path or address.
        out: Folder, created if missing.
        scope: See :func:`glcnet_plugin.checkpoints.loading.scope_filter`; default: 'encoder', with
            another layout than 'mm' 'backbone', the only part that those libraries have.
        layout: Whose names the file has: 'mm', 'torchvision' or 'timm'.
        name: Start of the file name, before the first 8 digits of the SHA-256; default: folder
            and name of the checkpoint.

    Returns:
        The file, and what was exported and dropped.

    Raises:
        ConfigError: If scope or layout are unknown, or do not go together.
        DataError: If the checkpoint cannot be read.
        StorageError: If the file cannot be written.
        CheckpointMismatchError: If the scope is not in it, or its backbone has no names in the
            layout.
    """
    if layout not in LAYOUTS:
        raise ConfigError(f'layout must be one of {", ".join(LAYOUTS)}, got {layout!r}')
    scope = scope or ('encoder' if layout == 'mm' else 'backbone')
    if layout != 'mm' and scope != 'backbone':
        raise ConfigError(f"layout {layout!r} has names for scope 'backbone' only, got {scope!r}")
    content = read_weights(checkpoint)
    tensors = tensors_of(content, checkpoint)
    state, source_layout = to_mm(tensors, checkpoint)
    belongs = scope_filter(state, scope)
    chosen = {key: value for key, value in state.items() if belongs(key)}
    if not chosen:
        raise CheckpointMismatchError(f'{checkpoint} has nothing of scope {scope!r}')
    if scope != 'backbone' and not any(key.startswith('decode_head.') for key in state):
        raise CheckpointMismatchError(
            f"{checkpoint} has no decode head, its encoder is the backbone: use scope='backbone'"
        )
    facts = describe(content.get('meta') or {} if 'state_dict' in content else {})
    facts.update(scope=scope, layout=layout, source_layout=source_layout)
    data = _encoded(LAYOUTS[layout](chosen), facts)
    digest = hashlib.sha256(data).hexdigest()[:8]
    path = Path(out) / f'{name or _default_name(checkpoint, scope)}-{digest}.pth'
    write_atomic(path, data)
    taken = {id(value) for value in chosen.values()}
    left = (key.removeprefix('module.') for key, value in tensors.items() if id(value) not in taken)
    return ExportReport(
        path, dict(Counter(map(module_of, chosen))), dict(Counter(map(module_of, left)))
    )


def _default_name(checkpoint: str, scope: str) -> str:
    """``pretrain_epoch_100_encoder`` for ``work_dirs/pretrain/epoch_100.pth``."""
    path = Path(checkpoint)
    return '_'.join(part for part in (path.parent.name, path.stem, scope) if part)


def _encoded(state: dict[str, torch.Tensor], facts: dict[str, Any]) -> bytes:
    """The file as bytes, which depend only on the content.

    Tensors are copied, so that a slice of a larger storage does not include the rest; facts pass
    through JSON, which leaves plain types and shares no objects.
    """
    copies = {key: value.detach().cpu().clone().contiguous() for key, value in state.items()}
    plain = json.loads(json.dumps(facts, sort_keys=True, default=str))
    buffer = io.BytesIO()
    torch.save({'state_dict': copies, 'meta': plain}, buffer)
    return buffer.getvalue()


def describe(meta: dict[str, Any]) -> dict[str, Any]:
    """Facts about the weights of a checkpoint.

    Args:
        meta: ``meta`` of a checkpoint.

    Returns:
        ``architecture``, ``method``, ``bands``, ``git_hash``, ``data``, ``tile_side``, ``epoch``,
        ``iter``, ``versions`` and ``config`` (text); None for what is unknown.
    """
    text = meta.get('cfg', meta.get('config'))  # exported files say config
    model = read_config(text).get('model', {}) if isinstance(text, str) else {}
    return {
        'architecture': {
            'backbone': model.get('backbone'),
            'neck': model.get('neck'),
            'decode_head': model.get('decode_head'),
        },
        'method': {key: value for key, value in model.items() if key not in PARTS} or None,
        **{key: meta.get(key) for key in RECORDS},
        'versions': {
            'glcnet_plugin': __version__,
            'torch': str(torch.__version__),
            'mmengine': meta.get('mmengine_version'),
        },
        'config': text if isinstance(text, str) else None,
    }
