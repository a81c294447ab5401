"""Load a pretrained part of a segmentation network, all of it or not at all."""

from dataclasses import dataclass, field
from typing import Any

from mmengine.runner.checkpoint import CheckpointLoader
from torch import Tensor, nn

from glcnet_plugin.apis.bands import band_differences, band_record, inflate_first_convolution
from glcnet_plugin.errors import CheckpointMismatchError, ConfigError

SCOPES = ('backbone', 'encoder', 'encoder_decoder')
# Submodules of mmseg heads that turn backbone features into the encoder map
# (DeepLabV3+: image pooling and ASPP, then the 1x1 bottleneck).
ENCODER_MODULES = ('image_pool', 'aspp_modules', 'psp_modules', 'bottleneck')
# The layer whose width is the number of classes, or of embedding channels.
CLASSIFIER = 'decode_head.conv_seg.'


@dataclass
class LoadReport:
    """What was loaded: tensors per module, e.g. ``{'backbone': 102}``."""

    checkpoint: str
    scope: str
    matched: dict[str, int]
    inflated: list[str] = field(default_factory=list)  # kernels made for other bands
    warnings: list[str] = field(default_factory=list)  # bands normalised otherwise

    def __str__(self) -> str:
        """Text for the log."""
        parts = ', '.join(f'{name} {count}' for name, count in self.matched.items())
        first = (
            f'loaded {sum(self.matched.values())} tensors of scope {self.scope!r} from '
            f'{self.checkpoint} ({parts}); all others keep their initial values'
        )
        return '\n'.join([first, *self.inflated])


def in_scope(key: str, scope: str) -> bool:
    """Whether a key of an ``EncoderDecoder`` state dict belongs to a scope.

    Args:
        key: Such as ``'decode_head.bottleneck.conv.weight'``.
        scope: 'backbone'; 'encoder', the backbone and what makes the encoder map; or
            'encoder_decoder', everything but the classifier.
    """
    if key.startswith('backbone.'):
        return True
    if scope == 'encoder':
        return key.startswith(tuple(f'decode_head.{name}.' for name in ENCODER_MODULES))
    if scope == 'encoder_decoder':
        return key.startswith('decode_head.') and not key.startswith(CLASSIFIER)
    return False


def load_pretrained(
    model: nn.Module, checkpoint: str, scope: str = 'encoder', inflate: bool = False
) -> LoadReport:
    """Load the part of a checkpoint that a scope names into a segmentation network.

    Args:
        model: An mmseg ``EncoderDecoder``, or any module with ``backbone`` and
            ``decode_head``.
        checkpoint: Path or address of a checkpoint of MM, or of a plain state dict.
        scope: See :func:`in_scope`.
        inflate: Whether a first convolution for R, G, B may be inflated to the bands of the
            model, see :func:`inflate_bands`.

    Returns:
        What was loaded, and what differs in the bands.

    Raises:
        ConfigError: If the scope is unknown.
        CheckpointMismatchError: If a tensor of the scope is missing, has another shape, or
            has no place in the model. Nothing is loaded then.
    """
    if scope not in SCOPES:
        raise ConfigError(f'scope must be one of {", ".join(SCOPES)}, got {scope!r}')
    content = CheckpointLoader.load_checkpoint(checkpoint, map_location='cpu')
    state = {
        key.removeprefix('module.'): value
        for key, value in content.get('state_dict', content).items()
    }
    wanted = {k: v for k, v in model.state_dict().items() if in_scope(k, scope)}
    offered = {k: v for k, v in state.items() if in_scope(k, scope)}
    inflated = inflate_first_convolution(offered, wanted) if inflate else []
    _check_match(wanted, offered, checkpoint, scope)
    model.load_state_dict(offered, strict=False)
    matched: dict[str, int] = {}
    for key in wanted:
        name = '.'.join(key.split('.')[: 1 if key.startswith('backbone.') else 2])
        matched[name] = matched.get(name, 0) + 1
    before = content.get('meta', {}).get('bands') if 'state_dict' in content else None
    differences = [] if inflated else band_differences(before, band_record(model))
    return LoadReport(checkpoint, scope, matched, inflated, differences)


def _check_match(
    wanted: dict[str, Tensor], offered: dict[str, Tensor], checkpoint: str, scope: str
) -> None:
    """Compare names and shapes; raise with the differences and the likely reason."""
    missing = [key for key in wanted if key not in offered]
    surplus = [key for key in offered if key not in wanted]
    shapes = [
        f'{key} {tuple(offered[key].shape)} in the file, {tuple(wanted[key].shape)} in the model'
        for key in wanted
        if key in offered and offered[key].shape != wanted[key].shape
    ]
    if wanted and not (missing or surplus or shapes):
        return
    lines = [f'{checkpoint} does not hold what scope {scope!r} promises, nothing was loaded.']
    lines += _few('missing in the file', missing) + _few('no place in the model', surplus)
    lines += _few('other shapes', shapes)
    lines.append(_likely_reason(wanted, offered, missing, surplus, shapes))
    raise CheckpointMismatchError('\n'.join(lines))


def _few(title: str, entries: list[str], most: int = 4) -> list[str]:
    """``title (count): the first entries``, or nothing."""
    more = ', ...' if len(entries) > most else ''
    return [f'  {title} ({len(entries)}): {", ".join(entries[:most])}{more}'] if entries else []


def _likely_reason(
    wanted: dict[str, Any],
    offered: dict[str, Any],
    missing: list[str],
    surplus: list[str],
    shapes: list[str],
) -> str:
    """Guess in words why the two do not fit, and what to do."""
    stem = 'backbone.stem.'
    if any(k.startswith(stem) for k in missing) != any(k.startswith(stem) for k in surplus):
        return (
            'Likely reason: one has the plain 7x7 stem (ResNet), the other the deep stem '
            '(ResNetV1c). Use the backbone type of pretraining downstream.'
        )
    if any('.conv1.weight' in text.split(' ')[0] and 'layer' not in text for text in shapes):
        return (
            'Likely reason: another number of bands. Set in_channels as in pretraining, or '
            'inflate=True to make kernels for these bands out of those for R, G, B.'
        )
    if not offered:
        return 'Likely reason: not a checkpoint of this kind; it has no key of the scope at all.'
    strange = [*missing, *surplus, *(text.split(' ')[0] for text in shapes)]
    if any(key.startswith('backbone.') for key in strange):
        return 'Likely reason: another depth, width or type of backbone than in pretraining.'
    return (
        'Likely reason: another decode head than in pretraining. Use the same one, or '
        "scope='backbone'."
    )
