"""What a dataset does with a file that cannot be read in the middle of an epoch."""

import logging
from typing import Any

import torch
from mmengine.logging import print_log
from torch.utils.data import get_worker_info

from glcnet_plugin.datasets.value_range import ValueRangeMixin
from glcnet_plugin.errors import ConfigError, DataError

PLACES = 64  # of counters


class SkipUnreadableMixin(ValueRangeMixin):
    """Stop at bad data, or skip and count them; to be mixed in before a dataset of MM.

    A skipped sample is replaced by another one at random, as MM does for empty samples. Each
    is logged with its reason and the count so far, over all workers of the process.

    Args:
        on_error: 'stop' raises at the first sample that cannot be used; 'skip' replaces it.
            Validation and test always stop: a missing image would change the score.
        max_skips: Number of skipped samples that is still accepted.
        kwargs: Arguments of the dataset.

    Raises:
        ConfigError: If ``on_error`` is neither.
    """

    test_mode: bool

    def __init__(self, on_error: str = 'stop', max_skips: int = 100, **kwargs: Any) -> None:
        if on_error not in ('stop', 'skip'):
            raise ConfigError(f"on_error must be 'stop' or 'skip', got {on_error!r}")
        self.on_error = on_error
        self.max_skips = max_skips
        # workers are other processes: each counts in its own place of a shared memory
        self._skipped = torch.zeros(PLACES, dtype=torch.int64)
        self._skipped.share_memory_()  # type: ignore[no-untyped-call]
        super().__init__(**kwargs)

    @property
    def num_skipped(self) -> int:
        """Samples skipped so far."""
        return int(self._skipped.sum())

    def skip(self, error: DataError) -> None:
        """Count something that cannot be used and log it, or stop.

        Args:
            error: What is wrong with it.

        Raises:
            DataError: The same if the policy is to stop, or one that says that the limit is
                passed.
        """
        if self.on_error == 'stop' or self.test_mode:
            raise error
        worker = get_worker_info()
        self._skipped[0 if worker is None else worker.id % PLACES] += 1
        text = f'skipped {self.num_skipped} samples (limit {self.max_skips}): {error}'
        if self.num_skipped > self.max_skips:
            raise DataError(f'{text}; fix the data, see check_data') from error
        print_log(text, logger='current', level=logging.WARNING)

    def prepare_data(self, idx: int) -> Any:
        """Run the pipeline on a sample.

        Args:
            idx: Index of the sample.

        Returns:
            What the pipeline gives; None for a skipped sample, which MM replaces.

        Raises:
            DataError: If the sample cannot be used and the policy is to stop, or too many
                samples were skipped.
        """
        try:
            return super().prepare_data(idx)  # type: ignore[misc]
        except DataError as error:
            self.skip(error)
            return None
