"""Convert the names of weights of other libraries to MM's, and back.

MM's names are ``backbone.*``, ``neck.*`` and ``decode_head.*``. All functions take and give state
dicts, and change no tensor.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from torch import Tensor

from glcnet_plugin.errors import CheckpointMismatchError

State = dict[str, Tensor]

# children of a torchvision ResNet in their order, as lightly numbers them
CHILDREN = {'0': 'conv1', '1': 'bn1', '4': 'layer1', '5': 'layer2', '6': 'layer3', '7': 'layer4'}
# three 3x3 convolutions instead of one of 7x7: timm's names, and those of mmseg's ResNetV1c
DEEP_STEM = {**{f'conv1.{i}': f'stem.{i}' for i in (0, 1, 3, 4, 6)}, 'bn1': 'stem.7'}
RESNET = ('conv1.', 'bn1.', 'layer1.', 'layer2.', 'layer3.', 'layer4.')
# EfficientNet in timm; its classifier and the layer before are left out
EFFICIENTNET = ('conv_stem.', 'bn1.', 'blocks.')
TIMM_MODEL = 'timm_model.'  # in mmpretrain.TIMMBackbone
HEAD = 'decode_head.'
DECODER = 'decode_head.decoder.'  # of LinearDecoderHead
# blocks in each stage of EfficientNet-B0 and Lite0 (arXiv 1905.11946, table 1)
STAGES = (1, 2, 2, 3, 3, 4, 1)
# parts of a block as efficientnet-pytorch names them, and timm; the first block does not expand
FIRST_BLOCK = {
    '_depthwise_conv': 'conv_dw',
    '_bn1': 'bn1',
    '_project_conv': 'conv_pw',
    '_bn2': 'bn2',
}
BLOCK = {'_expand_conv': 'conv_pw', '_bn0': 'bn1', '_depthwise_conv': 'conv_dw', '_bn1': 'bn2',
         '_project_conv': 'conv_pwl', '_bn2': 'bn3'}  # fmt: skip


def _resnet(state: State) -> State:
    """Names of torchvision, timm or lightly to those of mmseg, without the classifier."""
    if '0.weight' in state:
        state = {_swapped(key, CHILDREN): value for key, value in state.items()}
    if 'conv1.0.weight' in state:
        state = {_swapped(key, DEEP_STEM): value for key, value in state.items()}
    return {key: value for key, value in state.items() if key.startswith((*RESNET, 'stem.'))}


def _timm_efficientnet(state: State) -> State:
    """An EfficientNet of timm as ``mmpretrain.TIMMBackbone`` holds it."""
    return {TIMM_MODEL + key: value for key, value in state.items() if key.startswith(EFFICIENTNET)}


def _efficientnet_pytorch(state: State) -> State:
    """Names of the package efficientnet-pytorch to those of timm."""
    places = [(stage, i) for stage, count in enumerate(STAGES) for i in range(count)]
    renamed = {}
    for key, value in state.items():
        if block := re.match(r'_blocks\.(\d+)\.', key):
            stage, i = places[int(block[1])]
            rest = _swapped(key[block.end() :], BLOCK if stage else FIRST_BLOCK)
            renamed[f'blocks.{stage}.{i}.{rest}'] = value
        else:
            renamed[_swapped(key, {'_conv_stem': 'conv_stem', '_bn0': 'bn1'})] = value
    return _timm_efficientnet(renamed)


@dataclass(frozen=True)
class Layout:
    """How a library names weights.

    Args:
        name: For messages.
        sign: Pattern at the start of keys that only this layout has.
        prefix: In front of the keys of the backbone.
        parts: What is taken beside the backbone, as it is.
        convert: Gives the backbone the names of MM.
    """

    name: str
    sign: str
    prefix: str = 'backbone.'
    parts: tuple[str, ...] = ()
    convert: Callable[[State], State] = dict


SEGMENTATION = Layout('MM segmentation', r'decode_head\.', parts=('neck.', 'decode_head.'))
# A neck here belongs to a method without a decode head, such as SimCLR, not to segmentation.
LAYOUTS = (
    Layout('MM backbone', r'backbone\.(?!\d)'),
    Layout('lightly (children of a ResNet)', r'backbone\.0\.weight', convert=_resnet),
    Layout('MoCo (encoder_q)', r'encoder_q\.', prefix='encoder_q.', convert=_resnet),
    Layout('torchvision or timm ResNet', r'layer1\.0\.', prefix='', convert=_resnet),
    Layout('timm EfficientNet', r'conv_stem\.', prefix='', convert=_timm_efficientnet),
    Layout('efficientnet-pytorch', r'_conv_stem\.', prefix='', convert=_efficientnet_pytorch),
)


def to_mm(state: Mapping[str, Tensor], source: str) -> tuple[State, str]:
    """Bring a state dict of any known layout to MM's names.

    Args:
        state: State dict; ``module.`` of DDP in front of all keys is accepted.
        source: Where it comes from, for the message.

    Returns:
        Only ``backbone.*`` and, from segmentation networks, ``neck.*`` and ``decode_head.*``; and
        the name of the layout.

    Raises:
        CheckpointMismatchError: If no layout fits, or more than one.
    """
    plain = {str(key).removeprefix('module.'): value for key, value in state.items()}
    layout = SEGMENTATION if _has(plain, SEGMENTATION.sign) else _only_layout(plain, source)
    backbone = {
        key.removeprefix(layout.prefix): value
        for key, value in plain.items()
        if key.startswith(layout.prefix)
    }
    backbone = layout.convert(backbone)
    converted: State = {f'backbone.{key}': value for key, value in backbone.items()}
    converted.update({key: value for key, value in plain.items() if key.startswith(layout.parts)})
    return converted, layout.name


def into_decoder(state: Mapping[str, Tensor], keys: Iterable[str]) -> State:
    """Give a decode head the names that it has inside a ``LinearDecoderHead``.

    Args:
        state: State dict with MM's names.
        keys: Those of the network; nothing is renamed unless more of them are filled then.

    Returns:
        The state dict.
    """
    known = set(keys)
    inside = {
        DECODER + key.removeprefix(HEAD) if key.startswith(HEAD) else key: value
        for key, value in state.items()
    }
    return inside if len(known & inside.keys()) > len(known & state.keys()) else dict(state)


def _has(state: Mapping[str, Tensor], sign: str) -> bool:
    """Whether a key starts with a pattern."""
    return any(re.match(sign, key) for key in state)


def _only_layout(state: Mapping[str, Tensor], source: str) -> Layout:
    """The layout whose sign is there, if it is exactly one."""
    fitting = [layout for layout in LAYOUTS if _has(state, layout.sign)]
    if len(fitting) == 1:
        return fitting[0]
    what = 'no layout known here'
    if fitting:
        what = ' and of '.join(layout.name for layout in fitting) + ' at once'
    raise CheckpointMismatchError(
        f'{source} has the keys of {what}, nothing was loaded. It begins with: '
        f'{", ".join(list(state)[:5])}. Name the keys backbone.*, as MM does.'
    )


def _swapped(key: str, names: Mapping[str, str]) -> str:
    """A key with its first parts renamed, where they are in the table."""
    for old, new in names.items():
        if key.startswith(f'{old}.'):
            return new + key[len(old) :]
    return key


def to_timm(state: Mapping[str, Tensor]) -> State:
    """Give a ResNet or a network of timm the names of timm.

    timm has the deep stem of ResNetV1c, too (``resnet50c``).

    Args:
        state: State dict with MM's names.

    Returns:
        The backbone, without a prefix and without the classifier ``fc``.

    Raises:
        CheckpointMismatchError: If the backbone is neither.
    """
    inside = {
        key.removeprefix('backbone.'): value
        for key, value in state.items()
        if key.startswith('backbone.')
    }
    if any(key.startswith(TIMM_MODEL) for key in inside):  # of any architecture
        return {key.removeprefix(TIMM_MODEL): value for key, value in inside.items()}
    if strange := [key for key in inside if not key.startswith((*RESNET, 'stem.'))]:
        raise CheckpointMismatchError(
            f'the names of timm and torchvision are written for ResNets only, not for '
            f"{', '.join(strange[:3])}: use layout 'mm'"
        )
    stem = {new: old for old, new in DEEP_STEM.items()}
    return {_swapped(key, stem): value for key, value in inside.items()}


def to_torchvision(state: Mapping[str, Tensor]) -> State:
    """Give a ResNet the names of torchvision.

    Args:
        state: State dict with MM's names.

    Returns:
        The backbone, without a prefix and without the classifier ``fc``.

    Raises:
        CheckpointMismatchError: If the backbone is no ResNet, or has the deep stem.
    """
    if any(key.startswith('backbone.stem.') for key in state):
        raise CheckpointMismatchError(
            'this ResNet has the deep stem (ResNetV1c), which torchvision has not: '
            "use layout 'timm', where it is called resnet50c, or 'mm'"
        )
    return to_timm(state)
