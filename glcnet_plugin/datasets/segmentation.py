"""The base of all labelled datasets here."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from mmseg.datasets import BaseSegDataset

from glcnet_plugin.datasets.io.masks import IGNORE, Colour
from glcnet_plugin.datasets.mixins import SkipUnreadableMixin


class RSSegDataset(SkipUnreadableMixin, BaseSegDataset):
    """MM's segmentation dataset whose samples say which labels are valid.

    With it, :class:`LoadRSMask` names the file with a label that is no class before a GPU
    meets it, and reads colour masks and ignored values other than 255.

    Args:
        kwargs: Arguments of mmseg's ``BaseSegDataset`` and of :class:`SkipUnreadableMixin`.
    """

    mapping: Mapping[int, int] = MappingProxyType({})  # class of each value of the masks
    class_colours: Mapping[Colour, int] = MappingProxyType({})  # to compare palettes of masks

    def colour_ids(self) -> dict[Colour, int]:
        """Value that each colour of a colour mask stands for; empty where masks hold ids."""
        return {}

    def pair(self, image: str | Path, mask: str | Path) -> dict[str, Any]:
        """Entry of the data list for an image and its mask."""
        count = len(self.metainfo.get('classes') or ())
        always = (IGNORE,) if len(self.label_map or range(count)) < IGNORE else ()
        return {
            'img_path': str(image),
            'seg_map_path': str(mask),
            'label_map': self.label_map,
            'reduce_zero_label': self.reduce_zero_label,
            'num_classes': count or None,
            'ignore_values': sorted({self.ignore_index, *always}),
            'mapping': dict(self.mapping),
            'class_colours': dict(self.class_colours),
            'colour_ids': self.colour_ids(),
            'seg_fields': [],
        }
