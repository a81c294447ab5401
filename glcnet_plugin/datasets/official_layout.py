"""The folder layout of the official GLCNet code, read without conversion."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from glcnet_plugin.datasets.io.lists import NO_UTF8, read_list
from glcnet_plugin.datasets.io.masks import IGNORE, Colour
from glcnet_plugin.datasets.segmentation import RSSegDataset
from glcnet_plugin.errors import DataError
from glcnet_plugin.registry import DATASETS


def read_class_dict(path: str | Path) -> dict[str, Colour]:
    """Read ``class_dict.txt``: a header such as ``Class Name,B,G,R``, then a class per line.

    Args:
        path: The file. Its header says in which order the colours are given.

    Returns:
        Colour (R, G, B) of each class, in the order of the file.

    Raises:
        DataError: If the file is missing or not of this form.
    """
    try:
        with Path(path).open(newline='', encoding='utf-8-sig') as file:
            rows = [[cell.strip() for cell in row] for row in csv.reader(file) if any(row)]
        header = [cell.upper() for cell in rows[0]]
        r, g, b = (header.index(name) for name in 'RGB')
        table = {row[0]: (int(row[r]), int(row[g]), int(row[b])) for row in rows[1:]}
    except UnicodeDecodeError as error:
        raise DataError(f'cannot read {path}: {NO_UTF8}') from error
    except (OSError, ValueError, IndexError, csv.Error) as error:
        raise DataError(f'cannot read {path}: {type(error).__name__}: {error}') from error
    if len(table) < len(rows) - 1 or len(set(table.values())) < len(table) or not table:
        raise DataError(f'{path} must give each class a name and a colour of its own')
    return table


@DATASETS.register_module()
class OfficialLayoutDataset(RSSegDataset):
    """A folder as the official GLCNet code lays it out.

    ``class_dict.txt`` lists classes and colours, ``train_RGBIR/`` holds images,
    ``train_lbl/`` colour masks of the same file names, and ``trainR1_RGBIR.txt`` names the
    files of a part. Classes and their colours are taken from the file as they are: in the
    published Potsdam example some names stand beside the colour of another class.

    Args:
        data_root: The folder.
        ann_file: List of file names; relative to the folder or absolute. Empty for all images.
        image_folder: Folder of the images.
        mask_folder: Folder of the masks.
        ignored_classes: Names of classes that are ignored, such as ``['0']``, the black of
            the Potsdam example; the official code trains and scores it as a class.
        kwargs: Further arguments of :class:`RSSegDataset`.

    Raises:
        DataError: If a file is missing, or a class to ignore is unknown.
    """

    def __init__(
        self,
        data_root: str,
        ann_file: str = '',
        image_folder: str = 'train_RGBIR',
        mask_folder: str = 'train_lbl',
        ignored_classes: Sequence[str] = (),
        **kwargs: Any,
    ) -> None:
        path = Path(data_root, 'class_dict.txt')
        self.table = read_class_dict(path)
        if unknown := sorted(set(ignored_classes) - set(self.table)):
            raise DataError(f'{path} has no classes {unknown}: {list(self.table)}')
        names = [name for name in self.table if name not in ignored_classes]
        super().__init__(
            ann_file=ann_file,
            data_root=data_root,
            data_prefix={'img_path': image_folder, 'seg_map_path': mask_folder},
            metainfo={'classes': names, 'palette': [list(self.table[name]) for name in names]},
            **kwargs,
        )

    def colour_ids(self) -> dict[Colour, int]:
        """Id of each colour; 255 for those of ignored classes."""
        names = list(self.metainfo['classes'])
        return {
            colour: names.index(name) if name in names else IGNORE
            for name, colour in self.table.items()
        }

    def load_data_list(self) -> list[dict[str, Any]]:
        """List the images of the part, in the order of its list.

        Raises:
            DataError: See the class.
        """
        folder, masks = (Path(self.data_prefix[key]) for key in ('img_path', 'seg_map_path'))
        if self.ann_file:
            names = read_list(self.ann_file)
        else:
            names = sorted(path.name for path in folder.glob('*.*'))
        if not names:
            raise DataError(f'{folder} holds no images')
        for name in names:
            for path in (folder / name, masks / name):
                if not path.is_file():
                    raise DataError(f'{path} does not exist; {self.ann_file or folder} names it')
        return [self.pair(folder / name, masks / name) for name in names]


@DATASETS.register_module()
class HubeiDataset(OfficialLayoutDataset):
    """The Hubei set of the GLCNet paper: not public, so its classes come from its folder."""


@DATASETS.register_module()
class XiangtanDataset(OfficialLayoutDataset):
    """The Xiangtan set of the GLCNet paper: not public, so its classes come from its folder."""
