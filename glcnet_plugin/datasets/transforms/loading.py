"""Load images with any number of bands, and their masks."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from mmcv.transforms import LoadImageFromFile
from mmseg.datasets.transforms import LoadAnnotations

from glcnet_plugin.datasets.io.images import read_masked
from glcnet_plugin.datasets.io.labels import LabelRule
from glcnet_plugin.datasets.io.masks import (
    colours_to_ids,
    few_colours,
    read_mask,
    require_ids,
)
from glcnet_plugin.datasets.io.rasters import Bands, band_indices
from glcnet_plugin.errors import DataError
from glcnet_plugin.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadRSImage(LoadImageFromFile):
    """Read a GeoTIFF, PNG, JPEG or ``.npy`` as (H, W, bands), whole or a window of it.

    Colour images come as R, G, B (not B, G, R as in mmcv), so that means, deviations and
    further bands are listed in one order everywhere. uint8 stays uint8; all other types
    become float32, with which OpenCV and torch can calculate.

    **Required Keys:**

    - img_path
    - window (optional): y, x, height, width in pixels

    **Added Keys:**

    - img
    - img_shape
    - ori_shape

    Args:
        num_bands: Bands that every image must have after choosing; None for as many as the
            first one that is read.
        bands: Bands to take, by index from 0 or by name, in this order; None for all.
        band_names: Names of the bands in the order of the file, where it does not give them.
        nodata_fill: Value put where the file has nodata, NaN or infinity; one, or one per
            band that is taken.
        to_float32: Whether to convert uint8 too.
        backend_args: As in every MM loader.
    """

    def __init__(
        self,
        num_bands: int | None = None,
        bands: Bands | None = None,
        band_names: Sequence[str] | None = None,
        nodata_fill: float | Sequence[float] = 0.0,
        to_float32: bool = False,
        backend_args: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(to_float32=to_float32, backend_args=backend_args)
        self.num_bands = num_bands
        self.bands = bands
        if bands is not None and band_names is not None:
            self.bands = band_indices(bands, len(band_names), band_names, 'band_names')
        self.nodata_fill = nodata_fill

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Read the image of a sample.

        Args:
            results: The sample, with ``img_path``.

        Returns:
            The sample with its image.

        Raises:
            DataError: If the file cannot be read, has another number of bands, or holds
                only nodata.
        """
        path, window = results['img_path'], results.get('window')
        image, missing = read_masked(path, self.bands, window, self.backend_args)
        self.num_bands = self.num_bands or image.shape[2]
        if self.num_bands != image.shape[2]:
            raise DataError(
                f'{path} has {image.shape[2]} bands, expected {self.num_bands}: choose some with '
                'bands=[...], or set num_bands; check_data names all such files'
            )
        if self.to_float32 or image.dtype != np.uint8:
            image = image.astype(np.float32)
        if missing is not None:
            if missing.all():
                raise DataError(f'{path} holds only nodata: leave it out')
            fill = np.broadcast_to(np.asarray(self.nodata_fill, image.dtype), image.shape)
            image = np.where(missing, fill, image)
        results['img'] = image
        results['img_shape'] = results['ori_shape'] = image.shape[:2]
        return results


@TRANSFORMS.register_module()
class LoadRSMask(LoadAnnotations):
    """MM's ``LoadAnnotations`` that reads more masks and checks what it has read.

    Colours become ids where the dataset knows them, ignored values of the dataset become
    255. With the datasets of this package, a value that is no class raises here, with the
    file's name, and not in a kernel of the GPU.

    **Required Keys:**

    - seg_map_path
    - label_map
    - reduce_zero_label
    - seg_fields
    - window, img_shape, ori_shape, scale_factor (optional)
    - num_classes, ignore_values, colour_ids (optional)

    **Added Keys:**

    - gt_seg_map

    **Modified Keys:**

    - seg_fields
    """

    def _load_seg_map(self, results: dict[str, Any]) -> None:
        """Read the mask of a sample.

        Raises:
            DataError: If it cannot be read, is of another size than the image, has colours
                where ids are expected or unknown colours, or a label that is no class.
        """
        path = results['seg_map_path']
        mask = read_mask(path, results.get('window'), self.backend_args)
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
        ids = require_ids(mask, path)
        rule = LabelRule.of_entry(results)
        rule.check(ids, path)
        results['gt_seg_map'] = rule.training_ids(ids)
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
