"""Preprocessor of segmentation."""

from typing import Any

from mmseg.models import SegDataPreProcessor

from glcnet_plugin.models.data_preprocessors.multiband import MultiBandMixin
from glcnet_plugin.registry import MODELS


@MODELS.register_module()
class RSSegDataPreProcessor(MultiBandMixin, SegDataPreProcessor):
    """MM's ``SegDataPreProcessor`` for any number of bands.

    See :class:`MultiBandMixin` for the arguments.
    """

    def forward(self, data: dict[str, Any], training: bool = False) -> Any:
        """Check the bands of the images, then normalise and stack them.

        Args:
            data: ``inputs``, a list of images (bands, H, W), and ``data_samples``.
            training: As in MM.

        Returns:
            The batch in the form the model takes.

        Raises:
            DataError: If images and means differ in the number of bands.
        """
        self.check_bands(data['inputs'])
        return super().forward(data, training)
