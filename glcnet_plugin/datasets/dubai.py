"""Semantic segmentation of aerial imagery, Dubai (Humans in the Loop, CC0)."""

from typing import Any, ClassVar

from glcnet_plugin.datasets.folder import FolderSegDataset
from glcnet_plugin.registry import DATASETS


@DATASETS.register_module()
class DubaiDataset(FolderSegDataset):
    """Dubai: 72 images of eight scenes, RGB; '#9B9B9B' (unlabelled) is ignored.

    The tool ``convert_dubai.py`` makes the folder, with groups of scenes that show the same
    ground. Classes and colours as published
    (https://humansintheloop.org/resources/datasets/semantic-segmentation-dataset/). Arguments
    as in :class:`FolderSegDataset`.
    """

    METAINFO: ClassVar[dict[str, Any]] = {
        'classes': ('building', 'land_unpaved', 'road', 'vegetation', 'water'),
        'palette': [
            [0x3C, 0x10, 0x98],
            [0x84, 0x29, 0xF6],
            [0x6E, 0xC1, 0xE4],
            [0xFE, 0xDD, 0x3A],
            [0xE2, 0xA9, 0x29],
        ],
    }
    UNLABELLED = ((0x9B, 0x9B, 0x9B), (0, 0, 0))  # the second fills holes
    # scenes 1 and 3, and 4, 7 and 8, overlap on the ground (matched by their content)
    GROUPS = {1: 'A', 3: 'A', 4: 'B', 7: 'B', 8: 'B', 2: 'C', 5: 'D', 6: 'E'}
