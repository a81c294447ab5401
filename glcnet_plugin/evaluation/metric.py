"""Segmentation scores of remote sensing, as a metric of MM."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.dist import get_dist_info
from mmengine.evaluator import BaseMetric
from mmengine.logging import MMLogger, print_log

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.evaluation.confusion import (
    SUMMARY,
    Counts,
    confusion_matrix,
    confusion_scores,
)
from glcnet_plugin.evaluation.score_files import scores_table, write_scores
from glcnet_plugin.registry import METRICS


@METRICS.register_module()
class RSSegMetric(BaseMetric):
    """OA, AA, Kappa, mIoU, mF1 and a table of classes, from one int64 confusion matrix.

    Memory does not grow with the number of images. As in MM, samples are expected in the
    order of ``DefaultSampler(shuffle=False)``; samples that it repeats to give every process the
    same number are not counted.

    Args:
        output_dir: Folder for ``scores.json`` (with the matrix) and ``scores.csv``; None for
            the folder of the run's log.
        ignore_index: Value of the truth that does not count.
        prefix: As in every MM metric. With another than 'seg' the files are called
            ``scores_{prefix}``, so that multiple metrics of this class can score one run.
    """

    def __init__(
        self, output_dir: str | None = None, ignore_index: int = 255, prefix: str | None = 'seg'
    ) -> None:
        super().__init__(prefix=prefix)
        self.output_dir = output_dir
        self.ignore_index = ignore_index
        self._counted: Counts | None = None
        self._last: Counts | None = None
        self._num_samples = 0

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        """Count the pixels of a batch.

        Args:
            data_batch: Not used.
            data_samples: Samples with ``pred_sem_seg`` and ``gt_sem_seg``, (1, H, W) each.

        Raises:
            ConfigError: If the dataset has no classes.
        """
        classes = (self.dataset_meta or {}).get('classes')
        if not classes:
            raise ConfigError('RSSegMetric needs a dataset with "classes" in its metainfo')
        for sample in data_samples:
            prediction = sample['pred_sem_seg']['data'].squeeze(0).cpu().numpy()
            truth = sample['gt_sem_seg']['data'].squeeze(0).cpu().numpy()
            if self._last is not None:
                self._counted = self._last + (0 if self._counted is None else self._counted)
            # the newest sample is held back: it may be a repetition
            self._last = confusion_matrix(prediction, truth, len(classes), self.ignore_index)
            self._num_samples += 1

    def evaluate(self, size: int) -> dict[str, float]:
        """Sum the matrices of all processes and score the sum.

        Args:
            size: Number of images of the dataset.

        Returns:
            Scores with prefix.
        """
        rank, world_size = get_dist_info()
        # process r sees the images r, r + R, r + 2R, ...; the last may lie past the end
        repeated = (self._num_samples - 1) * world_size + rank >= size
        parts = [self._counted] if repeated else [self._counted, self._last]
        known = [part for part in parts if part is not None]
        num_classes = len((self.dataset_meta or {}).get('classes', ()))
        matrix = np.sum(known, axis=0) if known else np.zeros((num_classes,) * 2, np.int64)
        self.results = [matrix]
        self._counted = self._last = None
        self._num_samples = 0
        scores: dict[str, float] = super().evaluate(world_size)
        return scores

    def compute_metrics(self, results: list[Counts]) -> dict[str, float]:
        """Score the sum of the matrices, print and save the table.

        Args:
            results: One (n, n) matrix per process.

        Returns:
            The five summary scores.
        """
        hist = np.sum(results, axis=0)
        scores = confusion_scores(hist)
        classes = list((self.dataset_meta or {})['classes'])
        print_log(scores_table(scores, classes), logger='current', level=logging.INFO)
        if (folder := self._folder()) is not None:
            name = 'scores' if self.prefix in (None, 'seg') else f'scores_{self.prefix}'
            write_scores(folder, name, hist, scores, classes)
        return {name: scores[name] for name in SUMMARY}

    def _folder(self) -> Path | None:
        """Folder of the files: as configured, else that of the log; None without a run."""
        if self.output_dir is not None:
            return Path(self.output_dir)
        handlers = MMLogger.get_current_instance().handlers
        logs = [h.baseFilename for h in handlers if isinstance(h, logging.FileHandler)]
        return Path(logs[0]).parent if logs else None
