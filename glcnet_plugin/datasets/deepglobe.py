"""DeepGlobe Land Cover Classification (CVPR workshop 2018)."""

from typing import Any, ClassVar

from glcnet_plugin.datasets.folder import FolderSegDataset
from glcnet_plugin.registry import DATASETS


@DATASETS.register_module()
class DeepGlobeDataset(FolderSegDataset):
    """DeepGlobe Land Cover: 803 labelled images of 2448 x 2448 px, 0.5 m, RGB.

    The tool ``convert_deepglobe.py`` makes the folder. Classes and colours as in the task
    (https://competitions.codalab.org/competitions/18468); its seventh, 'unknown' (black), is
    ignored. Masks of the validation and test images were never published. Arguments as in
    :class:`FolderSegDataset`.
    """

    METAINFO: ClassVar[dict[str, Any]] = {
        'classes': ('urban', 'agriculture', 'rangeland', 'forest', 'water', 'barren'),
        'palette': [
            [0, 255, 255],
            [255, 255, 0],
            [255, 0, 255],
            [0, 255, 0],
            [0, 0, 255],
            [255, 255, 255],
        ],
    }
