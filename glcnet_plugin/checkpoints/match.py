"""Compare the tensors of a checkpoint with those of a network, and explain what differs."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor

STEM = 'backbone.stem.'  # of ResNetV1c
OUTPUT_NORM = r'backbone\.norm\d\.'


class OtherShape(NamedTuple):
    """A tensor that file and model have in different shapes."""

    key: str
    in_file: tuple[int, ...]
    in_model: tuple[int, ...]

    def __str__(self) -> str:
        """Text for the error."""
        return f'{self.key} {self.in_file} in the file, {self.in_model} in the model'


@dataclass
class Differences:
    """What keeps a state dict from filling a scope of a network."""

    missing: list[str]  # in the file
    surplus: list[str]  # no place in the model
    shapes: list[OtherShape]
    empty: bool  # the file has no tensor of the scope
    headless: bool  # the file has no decode head

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self.missing or self.surplus or self.shapes)

    def __str__(self) -> str:
        """Text for the error, a line each."""
        lines = listed('missing in the file', self.missing)
        lines += listed('no place in the model', self.surplus)
        lines += listed('other shapes', [str(shape) for shape in self.shapes])
        return '\n'.join(lines)

    @property
    def keys(self) -> list[str]:
        """All keys that differ."""
        return [*self.missing, *self.surplus, *(shape.key for shape in self.shapes)]

    def likely_reason(self) -> str:
        """The most likely reason, and what to do."""
        lacks, brings = (
            any(key.startswith(STEM) for key in keys) for keys in (self.missing, self.surplus)
        )
        if lacks != brings:
            return (
                'one has the plain 7x7 stem (ResNet), the other the deep stem (ResNetV1c). Use the '
                'backbone type of pretraining downstream.'
            )
        if self._other_bands():
            return (
                'another number of bands. Set in_channels as in pretraining, or inflate=True to '
                'make kernels for these bands out of those for R, G, B.'
            )
        if self.empty:
            return 'not a checkpoint of this kind: it has no key of the scope.'
        norms = {m[0]: None for key in self.missing if (m := re.match(OUTPUT_NORM, key))}
        if norms and all(key.startswith(tuple(norms)) for key in self.keys):
            return (
                'a classifier, whose inner stages have no norm at their output. If so, let these '
                f'keep their initial values: allow_missing={list(norms)}.'
            )
        if any(key.startswith('backbone.') for key in self.keys):
            return f'another {self._kind()} of backbone than in pretraining.'
        if self.headless:
            return (
                'it is of a method without a decode head, such as SimCLR or a classifier. '
                "Use scope='backbone'."
            )
        return "another decode head than in pretraining. Use the same one, or scope='backbone'."

    def _kind(self) -> str:
        """What a backbone has otherwise, as far as the tensors show."""
        if not (self.missing or self.surplus) and len(self.shapes) > 1:
            return 'width or type'
        if not self.shapes and bool(self.missing) != bool(self.surplus):
            return 'depth or type'
        return 'depth, width or type'

    def _other_bands(self) -> bool:
        """Whether the bands of one kernel, the first one, are all that differs in shape."""
        if len(self.shapes) != 1:
            return False
        key, in_file, in_model = self.shapes[0]
        kernels = key.startswith('backbone.') and len(in_file) == len(in_model) == 4
        return kernels and all(in_file[i] == in_model[i] for i in (0, 2, 3))


def compare(
    wanted: Mapping[str, Tensor], offered: Mapping[str, Tensor], state: Mapping[str, Tensor]
) -> Differences:
    """Compare names and shapes of the tensors of a scope.

    Args:
        wanted: Those of the model.
        offered: Those of the file.
        state: All tensors of the file.

    Returns:
        The differences.
    """
    return Differences(
        missing=[key for key in wanted if key not in offered],
        surplus=[key for key in offered if key not in wanted],
        shapes=[
            OtherShape(key, tuple(offered[key].shape), tuple(wanted[key].shape))
            for key in wanted
            if key in offered and offered[key].shape != wanted[key].shape
        ],
        empty=not offered,
        headless=not any(key.startswith('decode_head.') for key in state),
    )


def listed(title: str, entries: list[str], most: int = 4) -> list[str]:
    """``title (count): the first entries`` in a list, or an empty one."""
    more = ', ...' if len(entries) > most else ''
    return [f'  {title} ({len(entries)}): {", ".join(entries[:most])}{more}'] if entries else []
