"""Images without labels, from a folder or a list."""

import re
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

from mmengine.dataset import BaseDataset

from glcnet_plugin.datasets.io.images import IMAGE_SUFFIXES
from glcnet_plugin.datasets.io.lists import list_images
from glcnet_plugin.datasets.mixins import SkipUnreadableMixin
from glcnet_plugin.errors import ConfigError, DataError
from glcnet_plugin.registry import DATASETS


@DATASETS.register_module()
class UnlabeledRSDataset(SkipUnreadableMixin, BaseDataset):
    """All images of a folder, or those of a text file; no labels and no classes.

    Args:
        data_root: Folder with the images; searched with all its subfolders.
        ann_file: Text file with one image per line, relative to ``data_root`` (with or
            without its suffix), absolute, or a ``/vsi`` address; a relative ``ann_file`` is
            looked for in ``data_root``. Empty to take the whole folder.
        suffixes: Endings of image files, upper or lower case.
        pipeline: Transforms.
        scene_pattern: Regular expression whose first group is the scene in the name of an image
            (without folders and suffix), such as ``'(.+)_[0-9]+_[0-9]+'`` for tiles NAME_Y_X;
            samples then carry ``scene``, a number. None for none.
        indices: Take the first N images, or those at these positions.
        lazy_init: As in every MM dataset.
        kwargs: ``on_error`` and ``max_skips`` of :class:`SkipUnreadableMixin`.

    Raises:
        DataError: If the folder or list is missing or empty, or the list names an image
            that does not exist, or a name does not match the pattern.
    """

    def __init__(
        self,
        data_root: str,
        ann_file: str = '',
        suffixes: Sequence[str] = IMAGE_SUFFIXES,
        pipeline: Sequence[Any] = (),
        scene_pattern: str | None = None,
        indices: int | Sequence[int] | None = None,
        lazy_init: bool = False,
        **kwargs: Any,
    ) -> None:
        self.scene_pattern = scene_pattern
        self.suffixes = tuple(suffix.lower() for suffix in suffixes)
        super().__init__(
            ann_file=ann_file,
            data_root=str(Path(data_root).expanduser()),
            data_prefix={},
            pipeline=list(pipeline),
            indices=indices,
            lazy_init=lazy_init,
            **kwargs,
        )

    def load_data_list(self) -> list[dict[str, Any]]:
        """List the images, sorted for a folder, in the order of the file for a list.

        Returns:
            One ``dict(img_path=...)`` per image, with ``scene`` where a pattern is set.

        Raises:
            DataError: See the class.
        """
        paths = list_images(self.data_root, self.ann_file, self.suffixes)
        if self.scene_pattern is None:
            return [{'img_path': path} for path in paths]
        names = [scene_name(path, self.scene_pattern) for path in paths]
        root = Path(self.data_root).resolve()
        return [
            {'img_path': path, 'scene': scene_number(f'{root}/{name}')}
            for path, name in zip(paths, names, strict=True)
        ]


def scene_number(place: str) -> int:
    """Number of a scene by its place: the same in all datasets, so that they can be joined."""
    return int.from_bytes(blake2b(place.encode(), digest_size=7).digest(), 'big')


def scene_name(path: str, pattern: str) -> str:
    """Scene of an image, by its name.

    Args:
        path: Path or address of the image.
        pattern: Regular expression with a group; it has to match the whole stem.

    Returns:
        What the first group matches.

    Raises:
        ConfigError: If the pattern has no group.
        DataError: If it does not match.
    """
    if re.compile(pattern).groups < 1:
        raise ConfigError(f'scene_pattern {pattern!r} has no group: put the scene in brackets')
    stem = path.rsplit('/', 1)[-1].rsplit('.', 1)[0]
    match = re.fullmatch(pattern, stem)
    if match is None:
        raise DataError(f'scene_pattern {pattern!r} does not match {stem!r}, of {path}')
    return match.group(1)
