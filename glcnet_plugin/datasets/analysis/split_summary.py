"""What the files of a split have in common."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
    moments: NDArray[np.float64] | None = None
    class_pixels: NDArray[np.int64] | None = None
    ignored_pixels: int = 0

    @property
    def mean(self) -> NDArray[np.float64] | None:
        """(C,) mean of each band."""
        return None if self.moments is None else self.moments[1] / np.maximum(self.moments[0], 1)

    @property
    def std(self) -> NDArray[np.float64] | None:
        """(C,) standard deviation of each band."""
        if self.moments is None or self.mean is None:
            return None
        square = self.moments[2] / np.maximum(self.moments[0], 1) - self.mean**2
        return np.sqrt(np.maximum(square, 0))

    def add(self, found: SampleReport) -> None:
        """Add a file."""
        self.files += 1
        if found.info is not None:
            self.sizes[f'{found.info.height}x{found.info.width}'] += 1
            self.bands[found.info.bands] += 1
            self.dtypes[found.info.dtype] += 1
        self.minimum = min(self.minimum, found.minimum)
        self.maximum = max(self.maximum, found.maximum)
        self.nodata_share += (found.nodata_share - self.nodata_share) / self.files
        if found.moments is not None:
            if self.moments is None:
                self.moments = np.zeros_like(found.moments)
            if self.moments.shape == found.moments.shape:
                self.moments += found.moments
        if found.class_pixels is not None:
            if self.class_pixels is None:
                self.class_pixels = np.zeros_like(found.class_pixels)
            self.class_pixels += found.class_pixels
            self.ignored_pixels += found.ignored_pixels

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
