"""Record in every checkpoint what it was made from: bands, code, data."""

from typing import Any

from mmengine.dist import master_only
from mmengine.hooks import Hook
from mmengine.runner import Runner

from glcnet_plugin.checkpoints.bands import band_record
from glcnet_plugin.engine.provenance import data_fingerprint, git_hash, image_paths, tile_side
from glcnet_plugin.engine.utils import unwrap_model
from glcnet_plugin.registry import HOOKS


@HOOKS.register_module()
class ProvenanceHook(Hook):
    """Put ``bands``, ``git_hash``, ``data`` and ``tile_side`` into ``meta`` of checkpoints.

    A training that starts from such a checkpoint warns if it normalises its bands differently;
    scenes are predicted in windows of the size of the tiles. Exported files (``tools/export.py``)
    keep all four.
    """

    def __init__(self) -> None:
        self.records: dict[str, Any] = {}

    @master_only
    def before_train(self, runner: Runner) -> None:
        """Read the state of code and data, once."""
        paths = image_paths(runner.train_dataloader.dataset)
        self.records = {
            'git_hash': git_hash(),
            'data': data_fingerprint(paths),
            'tile_side': tile_side(paths),
        }

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Add the records."""
        checkpoint['meta'].update(self.records, bands=band_record(unwrap_model(runner)))
