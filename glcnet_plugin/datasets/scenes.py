"""Random windows of large scenes, without cutting them into tiles first."""

from typing import Any

import numpy as np

from glcnet_plugin.datasets.io.images import ImageInfo, image_info, read_masked
from glcnet_plugin.datasets.io.rasters import Window
from glcnet_plugin.datasets.unlabeled import UnlabeledRSDataset, scene_number
from glcnet_plugin.datasets.value_range import spread
from glcnet_plugin.errors import ConfigError, DataError
from glcnet_plugin.geometry import size_pair
from glcnet_plugin.registry import DATASETS

MAX_DRAWS = 100


@DATASETS.register_module()
class UnlabeledSceneDataset(UnlabeledRSDataset):
    """Windows drawn at random from scenes of any size, in memory that does not grow with it.

    Every place of every scene is equally likely, so large scenes give more windows. New
    windows are drawn in each epoch, from NumPy's global stream, which MM seeds for each rank
    and worker, and from the index of the sample, which differs between ranks.

    Scenes should be GeoTIFFs stored in tiles: PNG and JPEG have no windows, so they are decoded
    for each one, up to 80 million pixels as a whole, larger ones down to the window. Convert
    them once: ``rio convert a.jpg a.tif --driver COG --co compress=deflate``.

    Args:
        data_root: Folder with the scenes; searched with all its subfolders.
        window_size: Side of the windows in pixels, or (H, W).
        num_windows: Windows per epoch; None for as many as would cover all scenes once.
        max_nodata: Largest accepted share of pixels without data in a window; the draw is
            repeated until a window has enough data.
        alpha: What a band marked as alpha is, as in :class:`LoadRSImage`: 'data', or 'mask', so
            that transparent ground is nodata.
        kwargs: Further arguments of :class:`UnlabeledRSDataset`.

    Raises:
        ConfigError: If ``max_nodata`` lies outside [0, 1), or ``num_windows`` is not positive.
        DataError: If a scene cannot be opened or is smaller than a window.
    """

    def __init__(
        self,
        data_root: str,
        window_size: int | tuple[int, int] = 256,
        num_windows: int | None = None,
        max_nodata: float = 0.5,
        alpha: str = 'data',
        **kwargs: Any,
    ) -> None:
        if not 0 <= max_nodata < 1:
            raise ConfigError(f'max_nodata must lie in [0, 1), got {max_nodata}')
        if num_windows is not None and num_windows < 1:
            raise ConfigError(f'num_windows must be positive, got {num_windows}')
        self.window_size = size_pair(window_size)
        self.num_windows = num_windows
        self.max_nodata = max_nodata
        self.alpha = alpha
        self.scenes: list[str] = []
        self.shapes = np.zeros((0, 2), np.int64)
        self.may_miss: list[bool] = []
        super().__init__(data_root, **kwargs)

    def load_data_list(self) -> list[dict[str, Any]]:
        """Read the headers of all scenes.

        Returns:
            One empty entry per window of an epoch: what it shows is drawn when it is read.

        Raises:
            DataError: See the class; with ``on_error='skip'`` such scenes are left out.
        """
        infos: dict[str, ImageInfo] = {}
        for entry in super().load_data_list():
            try:
                infos[entry['img_path']] = self._fitting(entry['img_path'])
            except DataError as error:
                self.skip(error)
        if not infos:
            raise DataError(f'no scene below {self.data_root} can be used')
        self.scenes = list(infos)
        self.shapes = np.array([(info.height, info.width) for info in infos.values()], np.int64)
        self.may_miss = [info.may_miss for info in infos.values()]
        if self.num_windows is None:
            area = self.shapes.prod(1).sum() / np.prod(self.window_size)
            self.num_windows = max(1, round(float(area)))
        return [{} for _ in range(self.num_windows)]

    def _fitting(self, path: str) -> ImageInfo:
        """Header of a scene in which a window has room."""
        info = image_info(path, self.alpha)
        height, width = self.window_size
        if info.height < height or info.width < width:
            raise DataError(
                f'{path} is {info.height}x{info.width} px, smaller than a window of '
                f'{height}x{width}: use a smaller window_size, or leave it out'
            )
        return info

    def sampled_paths(self, number: int) -> list[str]:
        """Paths of scenes, evenly spread over all."""
        return spread(self.scenes, number)

    def get_data_info(self, idx: int) -> dict[str, Any]:
        """Draw a window.

        Args:
            idx: Index of the sample; takes part in the draw.

        Returns:
            ``img_path``, ``window`` (y, x, height, width) in pixels, and ``scene``, a number.

        Raises:
            DataError: If no window with enough data was drawn.
        """
        info: dict[str, Any] = super().get_data_info(idx)
        rng = np.random.default_rng([info['sample_idx'], np.random.randint(2**31)])
        room = self.shapes - self.window_size + 1  # places for the corner of a window
        places = room.prod(1)
        for _ in range(MAX_DRAWS):
            scene = int(rng.choice(len(self.scenes), p=places / places.sum()))
            y, x = (int(value) for value in rng.integers(room[scene]))
            window = (y, x, self.window_size[0], self.window_size[1])
            if self._share_missing(scene, window) <= self.max_nodata:
                path = self.scenes[scene]
                place = {'img_path': path, 'window': window, 'scene': scene_number(path)}
                return {**info, **place}
        raise DataError(
            f'{MAX_DRAWS} windows in a row have more than {self.max_nodata:.0%} nodata, the last '
            f'in {self.scenes[scene]}: leave empty scenes out, or raise max_nodata'
        )

    def _share_missing(self, scene: int, window: Window) -> float:
        """Share of the pixels of a window in which all bands are missing."""
        if not self.may_miss[scene]:
            return 0.0
        missing = read_masked(self.scenes[scene], window=window, alpha=self.alpha)[1]
        return 0.0 if missing is None else float(missing.all(-1).mean())
