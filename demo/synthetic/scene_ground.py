"""The ground of a generated scene: materials, light and camera, noise, parcels."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Map = NDArray[np.float32]
CLASSES = ('field', 'woods', 'water', 'road', 'building', 'bare_ground')
FIELD, WOODS, WATER, ROAD, BUILDING, BARE = range(len(CLASSES))

# R, G, B, NIR reflectance of the materials a class may have. Colours recur across classes.
MATERIALS = {
    FIELD: [(0.30, 0.40, 0.20, 0.62), (0.42, 0.45, 0.24, 0.50), (0.55, 0.48, 0.33, 0.45),
            (0.45, 0.37, 0.28, 0.38), (0.22, 0.31, 0.17, 0.66)],
    WOODS: [(0.20, 0.28, 0.17, 0.56), (0.27, 0.33, 0.19, 0.52), (0.34, 0.34, 0.21, 0.44)],
    WATER: [(0.17, 0.24, 0.22, 0.08), (0.24, 0.31, 0.25, 0.12), (0.34, 0.34, 0.29, 0.16)],
    ROAD: [(0.42, 0.41, 0.40, 0.38), (0.50, 0.48, 0.45, 0.42), (0.56, 0.49, 0.37, 0.44)],
    BUILDING: [(0.44, 0.42, 0.41, 0.38), (0.54, 0.38, 0.31, 0.40), (0.62, 0.60, 0.57, 0.52),
               (0.52, 0.47, 0.38, 0.43), (0.34, 0.35, 0.36, 0.30)],
    BARE: [(0.54, 0.47, 0.34, 0.44), (0.45, 0.39, 0.30, 0.38), (0.50, 0.48, 0.43, 0.42),
           (0.38, 0.41, 0.25, 0.46)],
}  # fmt: skip


@dataclass
class Look:
    """What differs from scene to scene: scale, light and camera."""

    scale: float  # pixels per unit of the ground; a field row is about 5 units
    sun: tuple[float, float]  # direction of shadows, unit vector (x, y)
    light: NDArray[np.float32]  # gain of the four bands
    haze: float
    blur: float  # of the camera, in pixels
    noise: float

    @classmethod
    def draw(cls, rng: np.random.Generator) -> 'Look':
        """Draw a look at random."""
        angle = rng.uniform(0, 2 * np.pi)
        return cls(
            scale=float(np.exp(rng.uniform(np.log(0.75), np.log(1.4)))),
            sun=(float(np.cos(angle)), float(np.sin(angle))),
            light=(rng.uniform(0.85, 1.2) * rng.uniform(0.92, 1.08, 4)).astype(np.float32),
            haze=float(rng.uniform(0.0, 0.14)),
            blur=float(rng.uniform(0.3, 0.9)),
            noise=float(rng.uniform(0.006, 0.02)),
        )


def smooth_noise(rng: np.random.Generator, size: int, cell: float) -> Map:
    """Noise of about unit deviation and zero mean, smooth over ``cell`` pixels; (S, S)."""
    count = max(2, int(np.ceil(size / cell)) + 3)
    grid = rng.standard_normal((count, count)).astype(np.float32)
    side = int(np.ceil(count * cell))
    big = cv2.resize(grid, (side, side), interpolation=cv2.INTER_CUBIC)
    return big[:size, :size] * 1.3


def parcel_map(rng: np.random.Generator, size: int, scale: float) -> NDArray[np.int32]:
    """Number the parcels of a rotated, slightly bent patchwork; (S, S) ids from 0."""
    side = 2 * size
    flat = np.zeros((side, side), np.int32)
    todo, count, smallest = [(0, 0, side, side)], 0, 90 * scale
    while todo:
        x0, y0, x1, y1 = todo.pop()
        width, height = x1 - x0, y1 - y0
        if max(width, height) < smallest * rng.uniform(1.6, 4.2):
            flat[y0:y1, x0:x1] = count
            count += 1
        elif width > height:
            cut = int(x0 + width * rng.uniform(0.3, 0.7))
            todo += [(x0, y0, cut, y1), (cut, y0, x1, y1)]
        else:
            cut = int(y0 + height * rng.uniform(0.3, 0.7))
            todo += [(x0, y0, x1, cut), (x0, cut, x1, y1)]
    angle = rng.uniform(0, np.pi / 2)
    y, x = np.mgrid[:size, :size].astype(np.float32) - size / 2
    x = x + 9 * scale * smooth_noise(rng, size, 170 * scale)
    y = y + 9 * scale * smooth_noise(rng, size, 170 * scale)
    u = np.cos(angle) * x + np.sin(angle) * y + size
    v = -np.sin(angle) * x + np.cos(angle) * y + size
    return flat[v.astype(np.int32) % side, u.astype(np.int32) % side]
