"""Load images with any number of bands, and their masks."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from mmcv.transforms import LoadImageFromFile
from mmseg.datasets.transforms import LoadAnnotations

from glcnet_plugin.datasets.io.alignment import require_aligned
from glcnet_plugin.datasets.io.band_order import BandOrder
from glcnet_plugin.datasets.io.colour_bands import colour_bands
from glcnet_plugin.datasets.io.labels import LabelRule
from glcnet_plugin.datasets.io.masks import colours_to_ids, few_colours, read_stored_mask
from glcnet_plugin.datasets.io.rasters import ALPHA, RGB, Bands, Image, band_indices, not_finite
from glcnet_plugin.datasets.io.tile_cache import COMMAND, DecodedImage, TileCache, decode
from glcnet_plugin.datasets.transforms.photometric_base import WarnOnce
from glcnet_plugin.errors import ConfigError, DataError
from glcnet_plugin.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadRSImage(LoadImageFromFile):
    """Read a GeoTIFF, PNG, JPEG or ``.npy`` as (H, W, bands), whole or a window of it.

    Colour images come as R, G, B (not B, G, R as in mmcv), so that means, deviations and
    further bands are listed in one order everywhere. uint8 stays uint8; all other types
    become float32, with which OpenCV and torch can calculate.

    A sample without ``img_path`` holds an array of an inferencer: of three bands, it is turned from
    B, G, R, in which ``mmcv.imread`` gives it; of others, it is taken as it is.

    **Required Keys:**

    - img_path, or img
    - window (optional): y, x, height, width in pixels

    **Added Keys:**

    - img
    - img_shape
    - ori_shape
    - colour_bands: indices of red, green and blue, or None where nobody names them

    Args:
        num_bands: Bands that every image must have after choosing; None for as many as the
            first one that is read.
        bands: Bands to take, by index from 0 or by name, in this order; None for all.
        band_names: Names of the bands in the order of the file, where it does not give them.
        nodata_fill: Value put where the file has nodata, NaN or infinity; one, or one per
            band that is taken. uint8 becomes float32 where it cannot hold it, as -1 or 123.7.
        to_float32: Whether to convert uint8 too.
        backend_args: As in every MM loader.
        alpha: 'data' takes a band that the file marks as alpha for data, as it often is near
            infrared; 'mask' leaves it out, and its pixels of 0 are nodata.
        cache: File of decoded images that ``cache_tiles.py`` made. Images that are not in it, or
            have changed since, are read from their files, which is logged once.

    Raises:
        ConfigError: If ``alpha`` is neither.
        DataError: If the cache is missing, or no cache.
    """

    def __init__(
        self,
        num_bands: int | None = None,
        bands: Bands | None = None,
        band_names: Sequence[str] | None = None,
        nodata_fill: float | Sequence[float] = 0.0,
        to_float32: bool = False,
        backend_args: dict[str, Any] | None = None,
        alpha: str = 'data',
        cache: str | None = None,
    ) -> None:
        if alpha not in ALPHA[:2]:
            raise ConfigError(f"alpha must be 'data' or 'mask', got {alpha!r}")
        self.alpha = alpha
        super().__init__(to_float32=to_float32, backend_args=backend_args)
        self.num_bands = num_bands
        self.bands = bands
        self.band_names = band_names
        self.order, self.warn, self.warn_uncached = BandOrder(), WarnOnce(), WarnOnce()
        if bands is not None and band_names is not None:
            self.bands = band_indices(bands, len(band_names), band_names, 'band_names')
        self.nodata_fill, fill = nodata_fill, np.asarray(nodata_fill, float)
        self.fits_uint8 = bool(((fill >= 0) & (fill <= 255) & (fill % 1 == 0)).all())
        self.cache = None if cache is None else TileCache(cache)

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Read the image of a sample.

        Args:
            results: The sample, with ``img_path``.

        Returns:
            The sample with its image.

        Raises:
            DataError: If the file cannot be read, has another number of bands, names them in
                another order than files before, or holds only nodata or complex values.
        """
        path = results.get('img_path') or 'the array'
        image, missing, colours, names = self._read(results)
        self.order.check(path, names)
        self.num_bands = self.num_bands or image.shape[2]
        if self.num_bands != image.shape[2]:
            raise DataError(
                f'{path} has {image.shape[2]} bands, expected {self.num_bands}: choose some with '
                'bands=[...], or set num_bands; check_data names all such files'
            )
        if image.dtype == np.uint8 and not self.fits_uint8:  # all of a batch alike
            results.setdefault('value_range', (0, 255))
        if self.to_float32 or image.dtype != np.uint8 or not self.fits_uint8:
            image = self._to_float(image, path)
        if missing is not None:
            if missing.all():
                raise DataError(f'{path} holds only nodata: leave it out')
            fill = np.broadcast_to(np.asarray(self.nodata_fill, image.dtype), image.shape)
            image = np.where(missing, fill, image)
        results['img'] = image
        results['img_shape'] = results['ori_shape'] = image.shape[:2]
        results['colour_bands'] = colours
        return results

    def _read(self, results: dict[str, Any]) -> DecodedImage:
        """Read from the cache, the file, or the array of an inferencer."""
        path, window = results.get('img_path'), results.get('window')
        if path is None:
            image = _from_mmcv(results['img'])
            colours = colour_bands('', image.shape[2], self.bands, self.band_names, fetched=True)
            return DecodedImage(image, not_finite(image), colours)
        choice = (self.bands, window, self.alpha, self.band_names)
        cached = None if self.cache is None else self.cache.get(path, *choice)
        if cached is None and self.cache is not None:
            bands = '' if self.bands is None else f' --bands {" ".join(map(str, self.bands))}'
            self.warn_uncached(
                f'{path} is not in {self.cache.path}, or has changed since: such images are read '
                f'from their files. Run {COMMAND} again, with{bands} --alpha {self.alpha}'
            )
        return cached or decode(path, *choice, self.backend_args)

    def _to_float(self, image: Image, path: str) -> Image:
        """Convert values to float32; say so if it cannot hold them, refuse complex ones."""
        if np.iscomplexobj(image):
            raise DataError(
                f'{path} has complex values ({image.dtype}), of which a network takes the real '
                'part alone: write amplitude, or amplitude and phase, as bands of their own'
            )
        values = image.astype(np.float32)
        if image.dtype.kind in 'iu' and image.dtype.itemsize > 2 and (values != image).any():
            self.warn(
                f'{path} has {image.dtype} values up to {image.max()}, of which float32 holds 24 '
                'bits: they are rounded'
            )
        return values


def _from_mmcv(array: Image) -> Image:
    """An array of an inferencer, with three bands in the order R, G, B."""
    image = np.atleast_3d(array)
    return np.ascontiguousarray(image[..., ::-1] if image.shape[2] == RGB else image)


@TRANSFORMS.register_module()
class LoadRSMask(LoadAnnotations):
    """MM's ``LoadAnnotations`` that reads more masks and checks what it has read.

    Colours become ids where the dataset knows them, ignored values of the dataset become
    255. With the datasets of this package, a value that is no class raises here, with the
    file's name, and not in a kernel of the GPU.

    A sample without ``seg_map_path`` stays as it is: ``mmseg.apis.inference_model`` runs the test
    pipeline of a config on images alone.

    **Required Keys:**

    - seg_map_path (optional)
    - label_map
    - reduce_zero_label
    - seg_fields
    - window, img_shape, ori_shape, scale_factor (optional)
    - num_classes, ignore_values, colour_ids, mapping, class_colours, shown_before (optional)

    **Added Keys:**

    - gt_seg_map

    **Modified Keys:**

    - seg_fields
    """

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Read the mask of a sample, if it has one; see :meth:`_load_seg_map`."""
        return super().transform(results) if 'seg_map_path' in results else results

    def _load_seg_map(self, results: dict[str, Any]) -> None:
        """Read the mask of a sample.

        Raises:
            ConfigError: If ``reduce_zero_label`` is given and the dataset says otherwise.
            DataError: If it cannot be read, is of another size than the image or lies
                elsewhere, has colours where ids are expected or unknown colours, or a label
                that is no class.
        """
        path = results['seg_map_path']
        if self.reduce_zero_label not in (None, results.get('reduce_zero_label')):
            raise ConfigError(
                f'LoadRSMask has reduce_zero_label={self.reduce_zero_label}, the dataset '
                f'{results.get("reduce_zero_label")}: set it in the dataset alone'
            )
        if self.backend_args is None and results.get('img_path'):
            require_aligned(str(results['img_path']), str(path))
        stored = read_stored_mask(path, results.get('window'), self.backend_args)
        mask = stored.values
        height, width = _size_before_resize(results) or mask.shape[:2]
        if mask.shape[:2] != (height, width):
            raise DataError(
                f'{path} is {mask.shape[0]}x{mask.shape[1]} px, its image '
                f'{results.get("img_path")} {height}x{width}: sizes must agree'
            )
        if mask.ndim == 3 and results.get('colour_ids'):
            mask, odd = colours_to_ids(mask, results['colour_ids'])
            if odd.unknown:
                raise DataError(f'{path} has unknown colours: {few_colours(odd.unknown)}')
            stored = replace(stored, values=mask)
        rule = LabelRule.of_entry(results)
        ids = rule.file_ids(stored, path)
        rule.check(ids, path)
        labels = rule.training_ids(ids)
        for y, x, height, width in results.get('shown_before', ()):
            labels[y : y + height, x : x + width] = rule.ignore
        results['gt_seg_map'] = labels
        results['seg_fields'].append('gt_seg_map')


def _size_before_resize(results: Mapping[str, Any]) -> tuple[int, int] | None:
    """Height and width that the image had before a resize; of a crop, its own.

    Test pipelines of mmseg resize the image before they load the mask, which stays as it is.
    """
    shape = results.get('img_shape')
    original = results.get('ori_shape', shape)
    if shape is None or original is None:
        return None
    factors = np.broadcast_to(results.get('scale_factor', 1), 2)[::-1]  # MM gives (x, y)
    resized = np.abs(np.multiply(original[:2], factors) - shape[:2]).max() < 1
    height, width = original[:2] if resized else shape[:2]
    return int(height), int(width)
