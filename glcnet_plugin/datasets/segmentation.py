"""The base of all labelled datasets here."""

from pathlib import Path
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

    def colour_ids(self) -> dict[Colour, int]:
        """Value that each colour of a colour mask stands for; empty where masks hold ids."""
        return {}

    def pair(self, image: str | Path, mask: str | Path) -> dict[str, Any]:
        """Entry of the data list for an image and its mask."""
        return {
            'img_path': str(image),
            'seg_map_path': str(mask),
            'label_map': self.label_map,
            'reduce_zero_label': self.reduce_zero_label,
            'num_classes': len(self.metainfo.get('classes') or ()) or None,
            'ignore_values': sorted({IGNORE, self.ignore_index}),
            'colour_ids': self.colour_ids(),
            'seg_fields': [],
        }
