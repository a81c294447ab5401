"""Whether a backbone, a neck and a decode head work together, in both stages."""

import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope
from mmpretrain.structures import DataSample

from glcnet_plugin.checkpoints.loading import load_pretrained
from glcnet_plugin.errors import ConfigError

CLASSES = 5
TILES, SIDE = 2, 64  # of the training step
TABLE_SIDE = 224  # of the images that operations are counted for


@dataclass
class PairFacts:
    """What is said of a pair that works."""

    backbone: str
    decode_head: str
    neck: str | None
    style_source: str
    parameters: int  # of the segmentation network, 3 bands
    frozen: int  # parameters that no loss of pretraining depends on

    def as_dict(self) -> dict[str, Any]:
        """Plain content for JSON."""
        return asdict(self)


def leaf_text(backbone: str, decode_head: str, neck: str | None, base: str, stage: str) -> str:
    """Text of a config that joins a backbone and a decode head.

    Args:
        backbone: Name of a file in ``configs/_base_/backbones``.
        decode_head: Name of a file in ``configs/_base_/decode_heads``.
        neck: Name of a file in ``configs/_base_/necks``; 'own' for the neck that the file of
            the decode head brings; None for no neck.
        base: Path of ``configs/_base_``.
        stage: 'glcnet' or 'encoder_decoder'.

    Returns:
        The text.
    """
    files = [f'backbones/{backbone}', f'decode_heads/{decode_head}', f'models/{stage}']
    files += [f'necks/{neck}'] if neck not in (None, 'own') else []
    lines = [
        '_base_ = [',
        *(f"    '{base}/{name}.py'," for name in files),
        ']',
        'model = dict(',
        '    backbone=_base_.backbone,',
        *(['    neck=_base_.neck,'] if neck is not None else []),
        '    decode_head=_base_.decode_head,'
        if stage == 'glcnet'
        else f'    decode_head=dict(_base_.decode_head, num_classes={CLASSES}),',
        ')',
    ]
    return '\n'.join(lines) + '\n'


def _require(path: Path) -> None:
    """Refuse a part that there is none of, naming those there are."""
    if not path.is_file():
        there = ', '.join(sorted(other.stem for other in path.parent.glob('*.py')))
        raise ConfigError(f'{path.stem!r} is none of the {path.parent.name}: {there}')


def build_pair(
    backbone: str, decode_head: str, neck: str | None, configs: Path, stage: str, bands: int = 3
) -> Any:
    """Build the network of a stage from a config as users write it.

    Args:
        backbone: See :func:`leaf_text`.
        decode_head: See :func:`leaf_text`.
        neck: See :func:`leaf_text`.
        configs: The folder ``configs``.
        stage: 'glcnet' or 'encoder_decoder'.
        bands: Number of bands.

    Returns:
        The network, initialised.

    Raises:
        ConfigError: If there is no such part, or the parts do not fit.
    """
    _require(configs / f'_base_/backbones/{backbone}.py')
    _require(configs / f'_base_/decode_heads/{decode_head}.py')
    if neck not in (None, 'own'):
        _require(configs / f'_base_/necks/{neck}.py')
    base = (configs / '_base_').resolve().as_posix()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'leaf.py'
        path.write_text(leaf_text(backbone, decode_head, neck, base, stage), encoding='utf-8')
        cfg = Config.fromfile(path)
    cfg.model.backbone.in_channels = bands
    cfg.model.data_preprocessor.update(mean=[127.5] * bands, std=[79.6875] * bands)
    with DefaultScope.overwrite_default_scope('mmpretrain' if stage == 'glcnet' else 'mmseg'):
        model = MODELS.build(cfg.model)
        model.init_weights()
    return model


def check_pair(
    backbone: str, decode_head: str, neck: str | None, configs: Path, bands: int = 3
) -> PairFacts:
    """Pretrain a pair for one step, then load it into the segmentation network.

    Args:
        backbone: See :func:`leaf_text`.
        decode_head: See :func:`leaf_text`.
        neck: See :func:`leaf_text`.
        configs: The folder ``configs``.
        bands: Number of bands.

    Returns:
        Facts for the table.

    Raises:
        ConfigError: If the parts do not fit, a loss is not finite, or a parameter that should
            learn gets no gradient.
        CheckpointMismatchError: If the checkpoint does not fill the segmentation network, but
            for its classifier.
    """
    pair = f'{backbone} with {decode_head}'
    model = build_pair(backbone, decode_head, neck, configs, 'glcnet', bands)
    _one_step(model, bands, pair)
    segmentor = build_pair(backbone, decode_head, neck, configs, 'encoder_decoder', bands)
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / 'glcnet.pth')
        torch.save({'state_dict': model.state_dict(), 'meta': {}}, path)
        report = load_pretrained(segmentor, path, 'encoder_decoder')
    own = [k for k in segmentor.state_dict() if not k.startswith('decode_head.conv_seg.')]
    if sum(report.matched.values()) != len(own):
        raise ConfigError(f'{pair}: {report} of {len(own)} tensors')
    _segments(segmentor.eval(), bands, pair)
    return PairFacts(
        backbone,
        decode_head,
        neck,
        model.style_source,
        sum(p.numel() for p in segmentor.parameters()),
        sum(p.numel() for p in model.parameters() if not p.requires_grad),
    )


def _one_step(model: Any, bands: int, pair: str) -> None:
    """Losses and gradients of a batch of noise, the two views being one."""
    sample = DataSample()
    sample.set_field(torch.eye(3).repeat(2, 1, 1), 'view_matrix')
    views = [torch.randint(0, 256, (TILES, bands, SIDE, SIDE)).byte() for _ in range(2)]
    data = model.data_preprocessor({'inputs': views, 'data_samples': [sample] * TILES}, True)
    losses = model(**data, mode='loss')
    total, _ = model.parse_losses(losses)
    total.backward()
    if not total.isfinite():
        raise ConfigError(f'{pair}: losses are not finite: {losses}')
    idle = [n for n, p in model.named_parameters() if p.requires_grad and p.grad is None]
    if idle:
        raise ConfigError(f'{pair}: no gradient reaches {", ".join(idle)}')


@torch.no_grad()
def _segments(segmentor: Any, bands: int, pair: str) -> None:
    """The segmentation network gives finite scores of all classes."""
    logits = segmentor(torch.rand(1, bands, SIDE, SIDE))
    if logits.shape[1] != CLASSES or not logits.isfinite().all():
        raise ConfigError(f'{pair}: the segmentation network gives {tuple(logits.shape)}')
