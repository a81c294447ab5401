"""The step by which the inferencers of mmseg and mmpretrain find the loading of images."""

from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform
from numpy.typing import NDArray

from glcnet_plugin.registry import TRANSFORMS


@TRANSFORMS.register_module(name=['LoadImageFromFile', 'LoadImageFromNDArray', 'InferencerLoader'])
class HostInput(BaseTransform):
    """Pass on what an inferencer gives; :class:`LoadRSImage` follows and reads it.

    ``MMSegInferencer`` looks for a step of the type ``LoadImageFromFile`` and renames it to
    ``InferencerLoader``, ``inference_model`` renames the first step for arrays, and
    ``FeatureExtractor`` removes it. A test pipeline begins with
    ``dict(type='LoadImageFromFile', _scope_='glcnet_plugin')``: ``_scope_`` makes all of these
    names mean this class.

    **Required Keys:**

    - img_path or img
    """

    def transform(self, results: str | NDArray[Any] | dict[str, Any]) -> dict[str, Any]:
        """Make a sample of a path or an array.

        Args:
            results: Path of an image, array (H, W, bands), or a sample, which is kept.

        Returns:
            The sample with ``img_path`` or ``img``.
        """
        if isinstance(results, np.ndarray):
            return {'img': results}
        return {'img_path': results} if isinstance(results, str) else results
