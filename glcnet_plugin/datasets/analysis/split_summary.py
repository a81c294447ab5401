"""Sums over the files of a split."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glcnet_plugin.datasets.analysis.moments import Moments
from glcnet_plugin.datasets.analysis.sample_checks import SampleReport


@dataclass
class SplitSummary:
    """Counts and sums over the files of one split."""

    files: int = 0
    sizes: Counter[str] = field(default_factory=Counter)
    bands: Counter[int] = field(default_factory=Counter)
    dtypes: Counter[str] = field(default_factory=Counter)
    minimum: float = np.inf
    maximum: float = -np.inf
    nodata_share: float = 0.0  # mean over the files
    moments: Moments | None = None
    class_pixels: NDArray[np.int64] | None = None
    ignored_pixels: int = 0
    has_255: bool = False  # whether a value of a mask is 255

    @property
    def mean(self) -> NDArray[np.float64] | None:
        """(C,) mean of each band."""
        return None if self.moments is None else self.moments.mean

    @property
    def std(self) -> NDArray[np.float64] | None:
        """(C,) standard deviation of each band."""
        return None if self.moments is None else self.moments.std

    def add(self, report: SampleReport) -> None:
        """Add a file."""
        self.files += 1
        if report.info is not None:
            self.sizes[f'{report.info.height}x{report.info.width}'] += 1
            self.bands[report.info.bands] += 1
            self.dtypes[report.info.dtype] += 1
        self.minimum = min(self.minimum, report.minimum)
        self.maximum = max(self.maximum, report.maximum)
        self.nodata_share += (report.nodata_share - self.nodata_share) / self.files
        if report.moments is not None:
            if self.moments is None:
                self.moments = report.moments
            elif len(self.moments.mean) == len(report.moments.mean):
                self.moments += report.moments
        if report.class_pixels is not None:
            if self.class_pixels is None:
                self.class_pixels = np.zeros_like(report.class_pixels)
            if self.class_pixels.shape == report.class_pixels.shape:
                self.class_pixels += report.class_pixels
            self.ignored_pixels += report.ignored_pixels
            self.has_255 |= report.has_255

    def as_dict(self) -> dict[str, Any]:
        """All of it for JSON."""
        known = np.isfinite(self.minimum)
        return {
            'files': self.files,
            'sizes': dict(self.sizes),
            'bands': {str(key): value for key, value in self.bands.items()},
            'dtypes': dict(self.dtypes),
            'minimum': self.minimum if known else None,
            'maximum': self.maximum if known else None,
            'nodata_share': self.nodata_share,
            'mean': None if self.mean is None else self.mean.tolist(),
            'std': None if self.std is None else self.std.tolist(),
            'class_pixels': None if self.class_pixels is None else self.class_pixels.tolist(),
            'ignored_pixels': self.ignored_pixels,
        }
