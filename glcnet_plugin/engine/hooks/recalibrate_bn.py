"""Estimate the statistics of batch normalisation anew before a training."""

import torch
from mmengine.dist import broadcast
from mmengine.hooks import Hook
from mmengine.runner import Runner

from glcnet_plugin.datasets.io.lists import list_images
from glcnet_plugin.engine.eval_context import preserve_training_state
from glcnet_plugin.engine.labelled_tiles import base_datasets, load_image
from glcnet_plugin.engine.utils import unwrap_model
from glcnet_plugin.errors import DataError
from glcnet_plugin.models.utils.batch_norm import (
    CALIBRATION_IMAGES,
    batches_of_one_size,
    evenly_spaced,
    recalibrate,
)
from glcnet_plugin.models.utils.pixel_features import normalise
from glcnet_plugin.registry import HOOKS


@HOOKS.register_module()
class RecalibrateBNHook(Hook):
    """Set the running statistics of batch normalisation to those of whole images.

    For :class:`FreezeNormHook`: random weights come without statistics, pretrained ones with those
    of augmented views. Images are read by the loading steps of the training set. Once, before the
    first iteration, after the weights are loaded; a resumed run keeps its own. The random streams
    of the training stay as they are.

    Args:
        data_root: Folder with images, which need no labels, searched with all its subfolders; None
            for those of the training set.
        ann_file: Text file with one image per line, relative to the folder; empty for all.
        max_images: Images to use at most, evenly spaced in the list.

    Raises:
        DataError: Before training, if the folder or list is missing or empty, the bands are not
            those of the network, or a layer after global pooling gets images one by one.
    """

    priority = 'HIGH'  # after the weights are loaded, before features are read

    def __init__(
        self,
        data_root: str | None = None,
        ann_file: str = '',
        max_images: int = CALIBRATION_IMAGES,
    ) -> None:
        self.data_root = data_root
        self.ann_file = ann_file
        self.max_images = max_images

    def before_train(self, runner: Runner) -> None:
        """Estimate them, the same in every process."""
        if runner.iter > 0:
            return
        model = unwrap_model(runner)
        images = self._images(runner)
        with preserve_training_state(model):
            try:
                batches = (normalise(model, batch) for batch in batches_of_one_size(images))
                recalibrate(model, batches)
            except ValueError as error:  # of torch's batch norm
                raise DataError(
                    f'statistics of batch normalisation need images of one size: {error}'
                ) from error
        for buffer in model.buffers():
            broadcast(buffer)
        runner.logger.info(f'statistics of batch normalisation are those of {len(images)} images')

    def _images(self, runner: Runner) -> list[torch.Tensor]:
        """The images, (bands, H, W) each."""
        sets = list(base_datasets(runner.train_dataloader.dataset))
        if self.data_root is not None:
            paths = list_images(self.data_root, self.ann_file)
            infos = [(sets[0], {'img_path': path}) for path in paths]
        else:
            infos = [(part, part.get_data_info(i)) for part in sets for i in range(len(part))]
        chosen = evenly_spaced(infos, self.max_images)
        return [torch.from_numpy(load_image(*info)).permute(2, 0, 1) for info in chosen]
