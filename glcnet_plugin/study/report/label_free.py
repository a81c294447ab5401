"""Whether numbers that need no labels rank the weights of a study as the probes do."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any

from scipy.stats import spearmanr

from glcnet_plugin.study.context import StudyContext
from glcnet_plugin.study.report.summary import SCORE
from glcnet_plugin.study.results import read_result

ENOUGH = 5  # weights, below which no correlation is given


@dataclass(frozen=True)
class LabelFree:
    """Label-free numbers of one kind of features of one network, and its Kappa.

    Args:
        kind: Of the probe.
        method: Name of the method.
        seed: Of the weights.
        metrics: See :func:`glcnet_plugin.evaluation.label_free.label_free_metrics`.
        kappa: Mean over the lists with the fewest labels.
    """

    kind: str
    method: str
    seed: int
    metrics: dict[str, float]
    kappa: float


def read_label_free(context: StudyContext) -> list[LabelFree]:
    """Numbers of all probes that have them.

    Args:
        context: The study.

    Returns:
        One per weights and kind.
    """
    found = []
    for job in context.plan:
        result = read_result(context, job) if job.kind == 'probe' else None
        for kind, metrics in (result or {}).get('label_free', {}).items():
            rows = [row for row in (result or {})['rows'] if row['kind'] == kind]
            fewest = min(row['labels'] for row in rows)
            kappa = mean(row['scores'][SCORE] for row in rows if row['labels'] == fewest)
            found.append(LabelFree(kind, job.method, job.seed, metrics, kappa))
    return found


def rank_correlations(values: Sequence[LabelFree]) -> list[dict[str, Any]]:
    """Spearman's rank correlation of every number with the Kappa of the probes.

    Args:
        values: See :func:`read_label_free`.

    Returns:
        ``kind``, ``metric``, ``correlation`` and ``weights``, their number; kinds with fewer than
        five weights, or numbers that are all equal, are left out.
    """
    records = []
    for kind in dict.fromkeys(one.kind for one in values):
        own = [one for one in values if one.kind == kind]
        if len(own) < ENOUGH:
            continue
        for name in own[0].metrics:
            pairs = [one.metrics[name] for one in own], [one.kappa for one in own]
            if not all(len(set(column)) > 1 for column in pairs):
                continue
            correlation = float(spearmanr(*pairs).statistic)
            if math.isfinite(correlation):
                records.append(
                    {'kind': kind, 'metric': name, 'correlation': correlation, 'weights': len(own)}
                )
    return records
