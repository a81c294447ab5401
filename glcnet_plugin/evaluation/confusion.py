"""Confusion matrices and their scores."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glcnet_plugin.errors import DataError

Counts = NDArray[np.int64]
SUMMARY = ('OA', 'AA', 'Kappa', 'mIoU', 'mF1')
PER_CLASS = ('IoU', 'F1', 'precision', 'recall')


def confusion_matrix(
    prediction: NDArray[Any], truth: NDArray[Any], num_classes: int, ignore_index: int = 255
) -> Counts:
    """Count pairs of true and predicted class.

    Args:
        prediction: Class ids, any shape.
        truth: Class ids of the same shape.
        num_classes: n.
        ignore_index: Value of ``truth`` that does not count.

    Returns:
        (n, n) int64 counts, rows truth, columns prediction.

    Raises:
        DataError: If shapes differ, or values lie outside 0..n-1.
    """
    if prediction.shape != truth.shape:
        raise DataError(f'prediction {prediction.shape} and truth {truth.shape} differ in shape')
    counted = truth != ignore_index
    rows, columns = truth[counted].astype(np.int64), prediction[counted].astype(np.int64)
    for name, values in (('truth', rows), ('prediction', columns)):
        strange = np.unique(values[(values < 0) | (values >= num_classes)])
        if strange.size:
            raise DataError(
                f'{name} holds {strange[:5].tolist()}, but there are {num_classes} classes '
                f'(0..{num_classes - 1}) and ignore_index is {ignore_index}'
            )
    flat = np.bincount(rows * num_classes + columns, minlength=num_classes**2)
    return flat.reshape(num_classes, num_classes).astype(np.int64)


def _ratio(numerator: NDArray[Any], denominator: NDArray[Any]) -> NDArray[np.float64]:
    """Quotients, NaN where the denominator is zero."""
    result = np.full(np.shape(numerator), np.nan)
    return np.divide(numerator, denominator, out=result, where=denominator != 0)


def confusion_scores(hist: Any) -> dict[str, Any]:
    """Scores of a confusion matrix.

    'OA' is the share of correct pixels, 'Kappa' Cohen's kappa (agreement beyond chance),
    'AA' the mean recall. Means run over the classes that occur: recall over those in the
    truth, IoU and F1 over those in truth or prediction. A class without a correct pixel has F1 0,
    as in scikit-learn; MM's mFscore has NaN there, leaves it out of the mean, and is higher than
    'mF1' then. A score of no pixel is NaN; where
    truth and prediction hold the same single class, Kappa is undefined and set to 0.

    Args:
        hist: (n, n) counts, rows truth, columns prediction; array or tensor.

    Returns:
        'OA', 'AA', 'Kappa', 'mIoU', 'mF1' as floats in [0, 1] (Kappa may be negative), and
        'IoU', 'F1', 'precision', 'recall' as lists with one float per class.

    Raises:
        DataError: If ``hist`` is not square.
    """
    counts = np.asarray(hist).astype(np.int64)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
        raise DataError(f'a confusion matrix is square, got shape {counts.shape}')
    hit = np.diag(counts).astype(np.float64)
    truth, predicted = counts.sum(1).astype(np.float64), counts.sum(0).astype(np.float64)
    total = truth.sum()
    per_class = {
        'IoU': _ratio(hit, truth + predicted - hit),
        'F1': _ratio(2 * hit, truth + predicted),
        'precision': _ratio(hit, predicted),
        'recall': _ratio(hit, truth),
    }
    accuracy = hit.sum() / total if total else np.nan
    chance = (truth / total) @ (predicted / total) if total else np.nan
    kappa = (accuracy - chance) / (1 - chance) if chance != 1 else 0.0

    def mean(values: NDArray[np.float64]) -> float:
        """Mean over the classes that occur."""
        return float(np.nanmean(values)) if not np.isnan(values).all() else float('nan')

    return {
        'OA': float(accuracy),
        'AA': mean(per_class['recall']),
        'Kappa': float(kappa),
        'mIoU': mean(per_class['IoU']),
        'mF1': mean(per_class['F1']),
        **{name: values.tolist() for name, values in per_class.items()},
    }


def for_json(value: Any) -> Any:
    """A score, or a list of scores, with None in place of NaN, which JSON does not know."""
    if isinstance(value, list):
        return [for_json(item) for item in value]
    return None if math.isnan(value) else value
