"""Load a pretrained part of a segmentation network, completely or not at all."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

from glcnet_plugin.checkpoints.bands import band_differences, band_record, inflate_first_convolution
from glcnet_plugin.checkpoints.key_conversion import into_decoder, to_mm
from glcnet_plugin.checkpoints.match import compare, listed
from glcnet_plugin.checkpoints.published import published_bands
from glcnet_plugin.checkpoints.recorded_settings import setting_differences
from glcnet_plugin.checkpoints.safe_load import read_weights
from glcnet_plugin.errors import CheckpointMismatchError, ConfigError, DataError

SCOPES = ('backbone', 'encoder', 'encoder_decoder')
# Submodules of mmseg heads that turn features into the encoder map (DeepLabV3+: image pooling
# and ASPP; PSPNet, UPerNet: pyramid pooling; then the bottleneck). Heads without a bottleneck,
# such as FCN, SegFormer, FPN or LR-ASPP, have no such map: the backbone is their encoder.
ENCODER_MODULES = ('image_pool', 'aspp_modules', 'psp_modules', 'bottleneck')
# The layer whose width is the number of classes, or of embedding channels.
CLASSIFIER = 'decode_head.conv_seg.'
# Counter of batch norms, absent from files of old versions of torch; not a weight.
COUNTER = '.num_batches_tracked'


@dataclass
class LoadReport:
    """Loaded tensors per module, e.g. ``{'backbone': 102}``, and notes."""

    checkpoint: str
    scope: str
    layout: str  # whose names the file has, see glcnet_plugin.checkpoints.key_conversion
    matched: dict[str, int]
    missing: list[str] = field(default_factory=list)  # allowed to be
    inflated: list[str] = field(default_factory=list)  # kernels converted to other bands
    warnings: list[str] = field(default_factory=list)  # other bands or settings

    def __str__(self) -> str:
        """Text for the log."""
        parts = ', '.join(f'{name} {count}' for name, count in self.matched.items())
        lines = [
            f'loaded {sum(self.matched.values())} tensors of scope {self.scope!r} from '
            f'{self.checkpoint}, layout {self.layout!r} ({parts}); all others keep their '
            'initial values'
        ]
        title = 'not in the file, as allow_missing permits'
        lines += listed(title, self.missing, most=len(self.missing))
        return '\n'.join([*lines, *self.inflated])


def scope_filter(keys: Iterable[str], scope: str) -> Callable[[str], bool]:
    """A function that tells whether a key of a state dict belongs to a scope of a network.

    Args:
        keys: Keys of the network, such as ``'decode_head.bottleneck.conv.weight'``.
        scope: 'backbone'; 'encoder', the backbone and, where the decode head has a bottleneck,
            the neck and what makes the encoder map; or 'encoder_decoder', backbone, neck and
            decode head without the classifier.

    Returns:
        A function of a key.

    Raises:
        ConfigError: If the scope is unknown.
    """
    if scope not in SCOPES:
        raise ConfigError(f'scope must be one of {", ".join(SCOPES)}, got {scope!r}')
    prefixes: tuple[str, ...] = ('backbone.',)
    if scope == 'encoder' and any(key.startswith('decode_head.bottleneck.') for key in keys):
        prefixes += ('neck.', *(f'decode_head.{name}.' for name in ENCODER_MODULES))
    if scope == 'encoder_decoder':
        prefixes += ('neck.', 'decode_head.')
    return lambda key: key.startswith(prefixes) and not key.startswith(CLASSIFIER)


def module_of(key: str) -> str:
    """Name under which a key is counted: ``backbone``, ``neck``, ``decode_head.bottleneck``."""
    return '.'.join(key.split('.')[: 2 if key.startswith('decode_head.') else 1])


def tensors_of(content: dict[str, Any], source: str) -> dict[str, Tensor]:
    """State dict in a file of weights.

    Args:
        content: What :func:`read_weights` gives.
        source: Where it is from, for the message.

    Returns:
        Its tensors, by the names they have in the file.

    Raises:
        CheckpointMismatchError: If there is no tensor.
    """
    state = content.get('state_dict', content)
    tensors = {key: value for key, value in state.items() if isinstance(value, Tensor)}
    if not tensors:
        keys = ', '.join(str(key) for key in list(state)[:5])
        raise CheckpointMismatchError(
            f"{source} holds no tensors, neither in 'state_dict' nor beside it; it has: {keys}"
        )
    return tensors


def refuse_nan(state: Mapping[str, Any], source: str) -> None:
    """Check that no tensor holds NaN, from which nothing can be trained or scored.

    Args:
        state: State dict; entries that are no tensors are skipped.
        source: Where it is from, for the message.

    Raises:
        DataError: If one does.
    """
    tensors = {key: value for key, value in state.items() if isinstance(value, Tensor)}
    bad = [key for key, value in tensors.items() if value.isnan().any()]
    if bad:
        names = '\n'.join(listed('NaN', bad))
        raise DataError(
            f'{source} holds NaN in {len(bad)} of {len(tensors)} tensors, nothing was loaded: its '
            f'training diverged, use an earlier checkpoint.\n{names}'
        )


def load_pretrained(
    model: nn.Module,
    checkpoint: str,
    scope: str = 'encoder',
    inflate: bool = False,
    allow_missing: Sequence[str] = (),
) -> LoadReport:
    """Load the part of a checkpoint that a scope names into a network.

    Args:
        model: An mmseg ``EncoderDecoder``, a ``GLCNet``, or any module with ``backbone`` and
            perhaps ``neck`` and ``decode_head``.
        checkpoint: Path or address, see :func:`read_weights`; of any layout that
            :func:`glcnet_plugin.checkpoints.key_conversion.to_mm` knows.
        scope: See :func:`scope_filter`.
        inflate: Whether a first convolution for R, G, B may be inflated to the bands of the
            model, see :func:`inflate_bands`.
        allow_missing: Starts of keys that the file need not have, such as ``'backbone.norm0.'``.

    Returns:
        What was loaded, and what differs in bands and settings.

    Raises:
        ConfigError: If the scope is unknown.
        DataError: If the file could not be downloaded or read, or holds NaN in the scope, or more
            than weights.
        CheckpointMismatchError: If a tensor of the scope is missing, has another shape, or
            has no place in the model, or the layout is unknown. Nothing is loaded then.
    """
    current = model.state_dict()
    belongs = scope_filter(current, scope)
    content = read_weights(checkpoint)
    state, layout = to_mm(tensors_of(content, checkpoint), checkpoint)
    state = into_decoder(state, current)
    wanted = {k: v for k, v in current.items() if belongs(k)}
    offered = {k: v for k, v in state.items() if belongs(k)}
    inflated = inflate_first_convolution(offered, wanted) if inflate else []
    missing = [key for key in wanted if key not in offered]
    starts = (allow_missing,) if isinstance(allow_missing, str) else tuple(allow_missing)
    allowed = [key for key in missing if key.startswith(starts)]
    tolerated = {*allowed, *(key for key in missing if key.endswith(COUNTER))}
    wanted = {key: value for key, value in wanted.items() if key not in tolerated}
    differences = compare(wanted, offered, state)
    if differences or not wanted:
        raise CheckpointMismatchError(
            f'{checkpoint} does not hold all tensors of scope {scope!r}, nothing was loaded.\n'
            f'{differences}\nLikely reason: {differences.likely_reason()}'
        )
    refuse_nan(offered, checkpoint)
    model.load_state_dict(offered, strict=False)
    matched = dict(Counter(map(module_of, wanted)))
    meta = (content.get('meta') or {}) if 'state_dict' in content else {}
    expected = meta.get('bands') or published_bands(checkpoint)
    bands = [] if inflated else band_differences(expected, band_record(model))
    advice = 'right if each sensor is normalised by its own statistics, else fix it'
    warnings = [f'{text} ({advice})' for text in bands]
    warnings += setting_differences(meta, model, scope)
    return LoadReport(checkpoint, scope, layout, matched, allowed, inflated, warnings)
