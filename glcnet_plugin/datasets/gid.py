"""Gaofen Image Dataset (Tong et al. 2020, https://arxiv.org/abs/1807.05713), as published."""

from pathlib import Path
from typing import Any, ClassVar

from glcnet_plugin.datasets.io.masks import IGNORE, Colour, palette_ids
from glcnet_plugin.datasets.segmentation import RSSegDataset
from glcnet_plugin.errors import DataError
from glcnet_plugin.registry import DATASETS


class GIDDataset(RSSegDataset):
    """Scenes of 6800 x 7200 px in one folder, their masks in another.

    Args:
        data_root: Folder of both.
        image_folder: Folder of the images.
        mask_folder: Folder of the masks.
        mask_suffix: What follows the stem of an image in the name of its mask.
        kwargs: Further arguments of :class:`RSSegDataset`.

    Raises:
        DataError: If an image has no mask, or there are no images.
    """

    def __init__(
        self,
        data_root: str,
        image_folder: str,
        mask_folder: str,
        mask_suffix: str,
        **kwargs: Any,
    ) -> None:
        self.mask_suffix = mask_suffix
        prefix = {'img_path': image_folder, 'seg_map_path': mask_folder}
        super().__init__(data_root=data_root, data_prefix=prefix, **kwargs)

    def load_data_list(self) -> list[dict[str, Any]]:
        """List the scenes, sorted.

        Raises:
            DataError: See the class.
        """
        images = sorted(Path(self.data_prefix['img_path']).glob('*.tif'))
        if not images:
            raise DataError(f'{self.data_prefix["img_path"]} holds no .tif')
        entries = []
        for image in images:
            mask = Path(self.data_prefix['seg_map_path'], image.stem + self.mask_suffix)
            if not mask.is_file():
                raise DataError(f'{image} has no mask {mask}')
            entries.append(self.pair(image, mask))
        return entries


@DATASETS.register_module()
class GID5Dataset(GIDDataset):
    """GID-5, 'Large-scale Classification': colour masks; black is unlabelled and ignored.

    Args:
        data_root: Folder with ``image_RGB`` or ``image_NirRGB``, and ``label_5classes``.
        image_folder: Which of the two.
        kwargs: Further arguments of :class:`RSSegDataset`.
    """

    METAINFO: ClassVar[dict[str, Any]] = {
        'classes': ('built_up', 'farmland', 'forest', 'meadow', 'water'),
        'palette': [[255, 0, 0], [0, 255, 0], [0, 255, 255], [255, 255, 0], [0, 0, 255]],
    }

    def __init__(self, data_root: str, image_folder: str = 'image_RGB', **kwargs: Any) -> None:
        super().__init__(data_root, image_folder, 'label_5classes', '_label.tif', **kwargs)

    def colour_ids(self) -> dict[Colour, int]:
        """Ids of the five colours; black is ignored."""
        return {**palette_ids(self.METAINFO['palette']), (0, 0, 0): IGNORE}


@DATASETS.register_module()
class GID15Dataset(GIDDataset):
    """GID-15 as released again by its authors: masks hold 0 for unlabelled, 1..15 for classes.

    Args:
        data_root: Folder ``GID`` with ``img_dir`` and ``ann_dir``.
        split: 'train' or 'val'.
        kwargs: Further arguments of :class:`RSSegDataset`.
    """

    METAINFO: ClassVar[dict[str, Any]] = {
        'classes': (
            'industrial_land', 'urban_residential', 'rural_residential', 'traffic_land',
            'paddy_field', 'irrigated_land', 'dry_cropland', 'garden_plot', 'arbor_woodland',
            'shrub_land', 'natural_grassland', 'artificial_grassland', 'river', 'lake', 'pond',
        ),
        'palette': [
            [200, 0, 0], [250, 0, 150], [200, 150, 150], [250, 150, 150], [0, 200, 0],
            [150, 250, 0], [150, 200, 150], [200, 0, 200], [150, 0, 250], [150, 150, 250],
            [250, 200, 0], [200, 200, 0], [0, 0, 200], [0, 150, 200], [0, 200, 250],
        ],
    }  # fmt: skip

    def __init__(self, data_root: str, split: str = 'train', **kwargs: Any) -> None:
        super().__init__(
            data_root,
            f'img_dir/{split}',
            f'ann_dir/{split}',
            '_15label.png',
            reduce_zero_label=True,
            **kwargs,
        )
