"""Predict a part of a scene by overlapping windows."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from glcnet_plugin.datasets.io.images import read_masked
from glcnet_plugin.errors import ConfigError, DataError
from glcnet_plugin.geometry import window_starts
from glcnet_plugin.inference.map_writer import NODATA
from glcnet_plugin.inference.model import SegmentationModel
from glcnet_plugin.inference.windows import (
    Block,
    check_overlap,
    inside,
    touching,
    window_weights,
)

FULL = 100  # confidence and entropy are in per cent
Corner = tuple[int, int]  # row and column
Blended = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_], list[str]]


@dataclass(frozen=True)
class Tiling:
    """How a scene is cut and blended.

    Args:
        window: Side of the windows in pixels.
        overlap: Pixels that neighbouring windows share.
        margin: Pixels at a side with a neighbour whose predictions do not count.
        block: Side of the parts of the scene that are predicted and written one by one.
        batch_size: Windows that the network gets at once.

    Raises:
        ConfigError: If the numbers do not fit each other.
    """

    window: int
    overlap: int
    margin: int
    block: int = 2048
    batch_size: int = 8

    def __post_init__(self) -> None:
        check_overlap(self.window, self.overlap)
        if self.overlap and not 0 <= 2 * self.margin < self.overlap:
            raise ConfigError(
                f'margin must be less than half of the overlap of {self.overlap} px, got '
                f'{self.margin}'
            )
        if min(self.block, self.batch_size) < 1:
            raise ConfigError(
                f'block and batch_size must be at least 1, got {self.block} and {self.batch_size}'
            )

    @classmethod
    def of(cls, window: int, **others: int) -> 'Tiling':
        """Windows that share a quarter, of which an eighth at each end does not count."""
        return cls(window, window // 4, window // 32, **others)


@dataclass(frozen=True)
class BlockPredictor:
    """Predicts blocks of a scene.

    Args:
        scene: Its file.
        size: Its height and width in pixels.
        model: The network.
        tiling: Windows and batches.
        augment: Whether to average over flips and quarter turns.
        amp: Whether to compute in half precision.
        confidence: Whether to give confidence and entropy, too.
    """

    scene: str
    size: tuple[int, int]
    model: SegmentationModel
    tiling: Tiling
    augment: bool = False
    amp: bool = False
    confidence: bool = True

    def __call__(self, block: Block) -> tuple[Block, NDArray[np.uint8], list[str]]:
        """Predict a block.

        Args:
            block: Its rows and columns.

        Returns:
            The block; (3, height, width) class, confidence and entropy, the last two in per
            cent, or (1, height, width) class; and what could not be read or predicted.
        """
        sums, weights, missing, errors = self.blend(block)
        return block, decide(sums, weights, missing, self.confidence), errors

    def blend(self, block: Block) -> Blended:
        """Blend what the network gives for the windows that touch a block.

        Args:
            block: Its rows and columns.

        Returns:
            (classes, height, width) weighted sums of probabilities, or of whatever the model gives;
            (height, width) sums of the weights, 0 where the network gave NaN or infinity; (height,
            width) pixels without data; and what could not be read or predicted.
        """
        shape = (block[0][1] - block[0][0], block[1][1] - block[1][0])
        sums = np.zeros((len(self.model.classes), *shape), np.float32)
        weights = np.zeros(shape, np.float32)
        missing = np.zeros(shape, bool)
        errors: list[str] = []
        ready: list[tuple[Corner, NDArray[np.float32]]] = []
        for corner in self.corners(block):
            image, empty = self.read(corner, errors)
            rows, columns, y, x = inside(block, corner, self.window)
            missing[rows, columns] |= empty[y, x]
            if not empty.all():
                ready.append((corner, image))
            if len(ready) == self.tiling.batch_size:
                errors += self._add(sums, weights, block, ready)
                ready = []
        errors += self._add(sums, weights, block, ready)
        return sums, weights, missing, errors

    @property
    def window(self) -> tuple[int, int]:
        """Height and width of the windows: a smaller scene is one window."""
        height, width = self.size
        return min(self.tiling.window, height), min(self.tiling.window, width)

    def corners(self, block: Block) -> Iterator[Corner]:
        """First rows and columns of the windows that touch a block."""
        rows, columns = (
            touching(window_starts(length, side, side - self.tiling.overlap), side, span)
            for length, side, span in zip(self.size, (self.tiling.window,) * 2, block, strict=True)
        )
        for y in rows:
            yield from ((y, x) for x in columns)

    def read(
        self, corner: Corner, errors: list[str]
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Read a window.

        Args:
            corner: Its first row and column.
            errors: Gets the reason if it cannot be read.

        Returns:
            Its image (bands, height, width), and where it has no data in any band.
        """
        loading = self.model.loading
        place = (*corner, *self.window)
        try:
            image, missing = read_masked(
                self.scene, loading.get('bands'), place, alpha=loading.get('alpha', 'data')
            )
        except DataError as error:
            errors.append(str(error))
            return np.zeros((self.model.bands, *self.window), np.float32), np.ones(
                self.window, bool
            )
        image = image.astype(np.float32)
        if missing is None:
            empty = np.zeros(self.window, bool)
        else:
            empty = np.asarray(missing.all(-1))
            fill = np.asarray(loading.get('nodata_fill', 0), np.float32)
            image = np.where(missing, fill, image)
        return np.ascontiguousarray(image.transpose(2, 0, 1)), empty

    def _add(
        self,
        sums: NDArray[np.float32],
        weights: NDArray[np.float32],
        block: Block,
        ready: list[tuple[Corner, NDArray[np.float32]]],
    ) -> list[str]:
        """Add the weighted probabilities of some windows to their block; where there are none."""
        errors: list[str] = []
        if not ready:
            return errors
        images = torch.from_numpy(np.stack([image for _, image in ready]))
        found = self.model.probabilities(images, self.augment, self.amp).cpu().numpy()
        for (corner, _), probabilities in zip(ready, found, strict=True):
            vertical, horizontal = (
                window_weights(
                    side, min(self.tiling.overlap, side), self.tiling.margin,
                    start == 0, start + side >= length,
                )
                for start, side, length in zip(corner, self.window, self.size, strict=True)
            )  # fmt: skip
            rows, columns, y, x = inside(block, corner, self.window)
            weight = vertical[y, None] * horizontal[None, x]
            part = probabilities[:, y, x]
            known = np.isfinite(part).all(0)
            if not known.all():
                weight, part = weight * known, np.where(known, part, 0)
                errors.append(
                    f'the network gives NaN or infinity for {(~known).sum()} px of the window at '
                    f'row {corner[0]}, column {corner[1]} of {self.scene}: mark values that are no '
                    'data as its nodata'
                )
            sums[:, rows, columns] += part * weight
            weights[rows, columns] += weight
        return errors


def average(sums: NDArray[np.float32], weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Divide (classes, height, width) sums by their (height, width) weights; 0 without weight."""
    return np.divide(sums, weights, out=np.zeros_like(sums), where=weights > 0)


def decide(
    sums: NDArray[np.float32], weights: NDArray[np.float32], missing: NDArray[np.bool_],
    confidence: bool = True,
) -> NDArray[np.uint8]:  # fmt: skip
    """Choose the class of every pixel.

    Args:
        sums: (classes, height, width) weighted sums of probabilities.
        weights: (height, width) sums of the weights.
        missing: (height, width) pixels without data.
        confidence: Whether to give the last two.

    Returns:
        (3, height, width): class; its probability, and the entropy as a share of its largest
        value, in per cent. 255 where nothing was predicted.
    """
    values = np.zeros((3 if confidence else 1, *weights.shape), np.uint8)
    values[0] = sums.argmax(0)
    if confidence:
        probabilities = average(sums, weights)
        values[1] = np.rint(FULL * probabilities.max(0))
        entropy = -(probabilities * np.log(np.maximum(probabilities, 1e-12))).sum(0)
        values[2] = np.rint(FULL * np.clip(entropy / np.log(max(2, len(sums))), 0, 1))
    values[:, missing | (weights == 0)] = NODATA
    return values
