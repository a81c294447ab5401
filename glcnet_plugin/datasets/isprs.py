"""The ISPRS 2D semantic labelling benchmark: Potsdam and Vaihingen.

The tools ``convert_potsdam.py`` and ``convert_vaihingen.py`` make the folders from the published
archives. Legend and order of classes: ISPRS
(https://www.isprs.org/education/benchmarks/UrbanSemLab/), as used by mmseg and most papers; scenes
of training and test as published there.
"""

from typing import Any

from glcnet_plugin.datasets.folder import FolderSegDataset
from glcnet_plugin.registry import DATASETS

ISPRS: dict[str, Any] = {
    'classes': (
        'impervious_surface',
        'building',
        'low_vegetation',
        'tree',
        'car',
        'clutter',
    ),
    'palette': [
        [255, 255, 255],
        [0, 0, 255],
        [0, 255, 255],
        [0, 255, 0],
        [255, 255, 0],
        [255, 0, 0],
    ],
}


@DATASETS.register_module()
class PotsdamDataset(FolderSegDataset):
    """ISPRS Potsdam: 38 scenes of 6000 x 6000 px, 0.05 m; R, G, B and near infrared.

    Arguments as in :class:`FolderSegDataset`.
    """

    METAINFO = ISPRS
    TRAIN_SCENES = (
        '2_10', '2_11', '2_12', '3_10', '3_11', '3_12', '4_10', '4_11', '4_12', '5_10', '5_11',
        '5_12', '6_7', '6_8', '6_9', '6_10', '6_11', '6_12', '7_7', '7_8', '7_9', '7_10',
        '7_11', '7_12',
    )  # fmt: skip
    TEST_SCENES = (
        '2_13', '2_14', '3_13', '3_14', '4_13', '4_14', '4_15', '5_13', '5_14', '5_15', '6_13',
        '6_14', '6_15', '7_13',
    )  # fmt: skip


@DATASETS.register_module()
class VaihingenDataset(FolderSegDataset):
    """ISPRS Vaihingen: 33 scenes of 0.09 m; near infrared, R, G in this order.

    Arguments as in :class:`FolderSegDataset`.
    """

    METAINFO = ISPRS
    TRAIN_SCENES = (
        '1', '3', '5', '7', '11', '13', '15', '17', '21', '23', '26', '28', '30', '32', '34',
        '37',
    )  # fmt: skip
    TEST_SCENES = (
        '2', '4', '6', '8', '10', '12', '14', '16', '20', '22', '24', '27', '29', '31', '33',
        '35', '38',
    )  # fmt: skip
