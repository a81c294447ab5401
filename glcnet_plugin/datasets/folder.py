"""Labelled images in a folder that describes itself."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from glcnet_plugin.datasets.io.folder_format import (
    image_files,
    listed_names,
    mask_file,
    read_classes,
    read_manifest,
)
from glcnet_plugin.datasets.io.masks import IGNORE, own_colours
from glcnet_plugin.datasets.io.places import shown_before
from glcnet_plugin.datasets.segmentation import RSSegDataset
from glcnet_plugin.errors import ConfigError, DataError
from glcnet_plugin.registry import DATASETS


@DATASETS.register_module()
class FolderSegDataset(RSSegDataset):
    """A folder with ``images/``, ``masks/``, ``classes.json`` and ``manifest.csv``.

    Masks are PNGs or TIFFs whose pixel values are class ids. Classes, colours and the ignored
    value come from ``classes.json``; the manifest names the images and the ``group`` of each:
    images of one group show the same ground and belong to one split.

    ``classes.json`` may say that 0 is no data and 1..N the classes, or what each value of the
    masks stands for: see :func:`read_classes`.

    Args:
        data_root: The folder.
        ann_file: Text file with one image name per line, to take a part; relative to the
            folder or absolute.
        groups: Take the images of these groups of the manifest.
        score_once: In validation and test, ignore the pixels of a tile that an earlier tile of
            its scene has shown (columns source, y and x of the manifest): tiles at the edge of
            a scene are shifted inwards and share pixels with their neighbours.
        metainfo: As in mmseg: ``classes`` chooses classes of the folder, by name and in this
            order; all others are ignored.
        kwargs: Further arguments of :class:`RSSegDataset`.

    Raises:
        ConfigError: If ``metainfo`` names a class that the folder lacks.
        DataError: If a description is missing, a group is unknown, or an image or mask of
            the selection does not exist.
    """

    def __init__(
        self,
        data_root: str,
        ann_file: str = '',
        groups: Sequence[str] | None = None,
        score_once: bool = True,
        metainfo: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        meta = read_classes(data_root)
        known = self.METAINFO.get('classes')
        if known is not None and list(known) != meta['classes']:
            raise DataError(
                f'{data_root}/classes.json lists {meta["classes"]}, {type(self).__name__} expects '
                f'{list(known)}: use FolderSegDataset, or convert the data again'
            )
        self.groups = groups
        self.score_once = score_once
        self.mapping = meta['mapping']
        self.class_colours = own_colours(meta['palette'])
        if meta['reduce_zero_label']:
            kwargs['reduce_zero_label'] = True
        self.folder_classes: list[str] = meta['classes']
        colours = dict(zip(meta['classes'], meta['palette'], strict=True))
        chosen_info = {'classes': meta['classes'], **(metainfo or {})}
        chosen = list(chosen_info['classes'])
        super().__init__(
            ann_file=ann_file,
            data_root=data_root,
            data_prefix={'img_path': 'images', 'seg_map_path': 'masks'},
            metainfo={'palette': [colours.get(name) for name in chosen], **chosen_info},
            ignore_index=meta['ignore_index'],
            **kwargs,
        )

    def get_label_map(self, new_classes: Sequence[str] | None = None) -> dict[int, int] | None:
        """Class to train for each class of the folder, both counted from 0.

        Args:
            new_classes: Names of the classes to train.

        Returns:
            The class of each, 255 for those left out; None if they are those of the folder.

        Raises:
            ConfigError: If the folder lacks one of the classes.
        """
        chosen = self.folder_classes if new_classes is None else list(new_classes)
        if unknown := [name for name in chosen if name not in self.folder_classes]:
            raise ConfigError(
                f'metainfo.classes names {unknown}, {self.data_root} has {self.folder_classes}: '
                'choose among these'
            )
        if chosen == self.folder_classes:
            return None
        return {
            index: chosen.index(name) if name in chosen else IGNORE
            for index, name in enumerate(self.folder_classes)
        }

    def load_data_list(self) -> list[dict[str, Any]]:
        """List the images and masks of the selection, in the order of the manifest.

        Returns:
            One entry per image, as mmseg's pipelines expect it.

        Raises:
            DataError: See the class.
        """
        images = image_files(self.data_prefix['img_path'])
        rows = self._rows()
        entries = [self._entry(row, images.get(row['name'])) for row in rows]
        if self.test_mode and self.score_once:
            paths = [entry['img_path'] for entry in entries]
            for entry, parts in zip(entries, shown_before(rows, paths), strict=True):
                entry['shown_before'] = parts
        return entries

    def _rows(self) -> list[dict[str, str]]:
        """Rows of the manifest that both the list and the groups admit."""
        rows = read_manifest(self.data_root)
        if self.groups is not None:
            known = {row.get('group', '') for row in rows}
            if unknown := sorted(set(self.groups) - known):
                raise DataError(f'no image of {self.data_root} is in {unknown}: {sorted(known)}')
            rows = [row for row in rows if row.get('group') in self.groups]
        if not self.ann_file:
            return rows
        by_name = {row['name']: row for row in rows}
        where = self.data_root
        if self.groups is not None:
            where = f'{self.data_root} (groups {list(self.groups)})'
        return [by_name[name] for name in listed_names(self.ann_file, by_name, where)]

    def _entry(self, row: Mapping[str, str], image: Path | None) -> dict[str, Any]:
        """Paths, group and place of one image and its mask."""
        name = row['name']
        mask = mask_file(self.data_root, name)
        if image is None or not mask.is_file():
            folder = self.data_prefix['img_path' if image is None else 'seg_map_path']
            raise DataError(f'{folder} has no file for {name!r} of the manifest')
        return {**self.pair(image, mask), 'group': row.get('group'), 'row': row}
