"""The difference between two methods over the seeds."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean

from glcnet_plugin.study.report.statistics import (
    detectable_difference,
    mean_interval,
    paired_p_value,
    verdict,
)


@dataclass(frozen=True)
class Difference:
    """Difference between a method and another one, seed by seed.

    Args:
        other: Name of the other method.
        values: One per seed that both have.
        adjusted: p-value after the correction for several comparisons; None before it, and for a
            single seed.
    """

    other: str
    values: Sequence[float]
    adjusted: float | None = None

    @property
    def mean(self) -> float:
        """Mean over the seeds."""
        return mean(self.values)

    @property
    def interval(self) -> tuple[float, float] | None:
        """95 % interval of the mean, None for too few seeds."""
        return mean_interval(self.values)

    @property
    def p_value(self) -> float | None:
        """See :func:`paired_p_value`."""
        return paired_p_value(self.values)

    @property
    def detectable(self) -> float | None:
        """See :func:`detectable_difference`."""
        return detectable_difference(self.values)

    @property
    def verdict(self) -> str:
        """See :func:`verdict`."""
        return verdict(self.values, self.adjusted)
