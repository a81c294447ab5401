"""FLAIR (IGN France, https://ignf.github.io/FLAIR/), aerial images as published."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from glcnet_plugin.datasets.segmentation import RSSegDataset
from glcnet_plugin.errors import DataError
from glcnet_plugin.registry import DATASETS


@DATASETS.register_module()
class FLAIRDataset(RSSegDataset):
    """FLAIR: 512 x 512 px, 0.2 m; R, G, B, near infrared, elevation; 19 classes.

    Masks hold 1..19. Layout: ``flair_aerial_train/D012_2019/Z1_UU/img/IMG_000001.tif`` and
    ``flair_labels_train/D012_2019/Z1_UU/msk/MSK_000001.tif``. Licence: Etalab 2.0, see
    https://huggingface.co/datasets/IGNF/FLAIR.

    Args:
        data_root: Folder of both.
        image_folder: Folder of the images.
        mask_folder: Folder of the masks.
        domains: Take these domains, such as ``['D012_2019']``; None for all.
        kwargs: Further arguments of :class:`RSSegDataset`.

    Raises:
        DataError: If a domain is missing, or an image has no mask.
    """

    METAINFO = {
        'classes': (
            'building', 'pervious_surface', 'impervious_surface', 'bare_soil', 'water',
            'coniferous', 'deciduous', 'brushwood', 'vineyard', 'herbaceous_vegetation',
            'agricultural_land', 'plowed_land', 'swimming_pool', 'snow', 'clear_cut', 'mixed',
            'ligneous', 'greenhouse', 'other',
        ),
        'palette': [
            [219, 14, 154], [147, 142, 123], [248, 12, 0], [169, 113, 1], [21, 83, 174],
            [25, 74, 38], [70, 228, 131], [243, 166, 13], [102, 0, 130], [85, 255, 0],
            [255, 243, 13], [228, 223, 124], [61, 230, 235], [255, 255, 255], [138, 179, 160],
            [107, 113, 79], [197, 220, 66], [153, 153, 255], [0, 0, 0],
        ],
    }  # fmt: skip

    def __init__(
        self,
        data_root: str,
        image_folder: str = 'flair_aerial_train',
        mask_folder: str = 'flair_labels_train',
        domains: Sequence[str] | None = None,
        **kwargs: Any,
    ) -> None:
        self.domains = domains
        prefix = {'img_path': image_folder, 'seg_map_path': mask_folder}
        super().__init__(data_root=data_root, data_prefix=prefix, reduce_zero_label=True, **kwargs)

    def load_data_list(self) -> list[dict[str, Any]]:
        """List the images of the domains, sorted.

        Raises:
            DataError: See the class.
        """
        root, masks = (Path(self.data_prefix[key]) for key in ('img_path', 'seg_map_path'))
        entries = []
        for domain in ('*',) if self.domains is None else self.domains:
            images = sorted(root.glob(f'{domain}/*/img/IMG_*.tif'))
            if not images:
                raise DataError(f'{root} holds no {domain}/*/img/IMG_*.tif')
            for image in images:
                zone = masks / image.relative_to(root).parents[1]
                mask = zone / 'msk' / image.name.replace('IMG_', 'MSK_')
                if not mask.is_file():
                    raise DataError(f'{image} has no mask {mask}')
                entries.append(self.pair(image, mask))
        return entries


@DATASETS.register_module()
class FLAIR13Dataset(FLAIRDataset):
    """FLAIR with the 13 classes of its baseline: the last seven count as 'other'.

    Source: https://github.com/IGNF/FLAIR-1. Arguments as in :class:`FLAIRDataset`.
    """

    METAINFO = {
        'classes': (*FLAIRDataset.METAINFO['classes'][:12], 'other'),
        'palette': [*FLAIRDataset.METAINFO['palette'][:12], [0, 0, 0]],
    }

    @classmethod
    def get_label_map(cls, new_classes: Sequence[str] | None = None) -> dict[int, int]:
        """Class of the 13 for each of the 19, both counted from 0."""
        return {index: min(index, 12) for index in range(19)}
