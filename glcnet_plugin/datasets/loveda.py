"""LoveDA (NeurIPS Datasets and Benchmarks 2021), read as published."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from glcnet_plugin.datasets.segmentation import RSSegDataset
from glcnet_plugin.errors import DataError
from glcnet_plugin.registry import DATASETS


@DATASETS.register_module()
class LoveDADataset(RSSegDataset):
    """LoveDA: 1024 x 1024 px, 0.3 m, RGB; 2,522 images to train, 1,669 to validate.

    Layout and classes as published (https://github.com/Junjue-Wang/LoveDA):
    ``Train/Urban/images_png/*.png`` with ``masks_png`` beside it. Masks hold 0 for no data,
    which is ignored, and 1..7 for the classes. Licence: CC BY-NC-SA 4.0.

    Args:
        data_root: Folder with ``Train`` and ``Val``.
        split: 'Train' or 'Val'.
        areas: 'Urban', 'Rural', or both.
        kwargs: Further arguments of :class:`RSSegDataset`.

    Raises:
        DataError: If an image has no mask, or there are no images.
    """

    METAINFO = {
        'classes': (
            'background',
            'building',
            'road',
            'water',
            'barren',
            'forest',
            'agriculture',
        ),
        'palette': [
            [255, 255, 255],
            [255, 0, 0],
            [255, 255, 0],
            [0, 0, 255],
            [159, 129, 183],
            [0, 255, 0],
            [255, 195, 128],
        ],
    }

    def __init__(
        self,
        data_root: str,
        split: str = 'Train',
        areas: Sequence[str] = ('Urban', 'Rural'),
        **kwargs: Any,
    ) -> None:
        self.split = split
        self.areas = areas
        super().__init__(data_root=data_root, reduce_zero_label=True, **kwargs)

    def load_data_list(self) -> list[dict[str, Any]]:
        """List the images of the areas, sorted.

        Raises:
            DataError: See the class.
        """
        entries = []
        for area in self.areas:
            folder = Path(self.data_root, self.split, area)
            images = sorted((folder / 'images_png').glob('*.png'))
            if not images:
                raise DataError(f'{folder}/images_png holds no PNG: unpack {self.split}.zip there')
            for image in images:
                mask = folder / 'masks_png' / image.name
                if not mask.is_file():
                    raise DataError(f'{image} has no mask {mask}')
                entries.append(self.pair(image, mask))
        return entries
