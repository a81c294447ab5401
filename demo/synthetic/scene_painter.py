"""Draw one land-cover scene with labels, as a stylised aerial photo.

Classes overlap in colour on purpose: ripe fields look like bare ground, asphalt like grey
roofs, dark woods like water. What tells them apart is texture and shape: rows, crowns,
straight edges, shadows.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from synthetic.scene_ground import (
    BARE,
    BUILDING,
    CLASSES,
    FIELD,
    MATERIALS,
    ROAD,
    WATER,
    WOODS,
    Look,
    Map,
    parcel_map,
    smooth_noise,
)


class ScenePainter:
    """Paint one square scene.

    Args:
        seed: Seed of everything in the scene.
        size: Side in pixels, S.
    """

    def __init__(self, seed: int, size: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.size = size
        self.look = Look.draw(self.rng)
        self.parcels = parcel_map(self.rng, size, self.look.scale)
        self.count = int(self.parcels.max()) + 1
        kinds = self.rng.choice(
            [FIELD, BARE, WOODS, BUILDING], self.count, p=[0.5, 0.16, 0.1, 0.24]
        )
        self.built_up = kinds == BUILDING
        ground = np.where(self.built_up, BARE, kinds)
        self.label = ground[self.parcels].astype(np.uint8)
        self.material = self._materials(ground)
        self.colour = self.material[self.parcels]  # (S, S, 4)
        self.shade = np.ones((size, size), np.float32)
        self.height = np.zeros((size, size), np.float32)

    def _materials(self, ground: NDArray[np.int64]) -> Map:
        """Colour of each parcel; (parcels, 4)."""
        picks = [MATERIALS[kind][self.rng.integers(len(MATERIALS[kind]))] for kind in ground]
        return np.array(picks, np.float32) * self.rng.uniform(0.88, 1.12, (self.count, 1)).astype(
            np.float32
        )

    def paint(self) -> tuple[Map, NDArray[np.uint8]]:
        """Paint the scene.

        Returns:
            (S, S, 4) reflectance of R, G, B, NIR in [0, 1], and (S, S) class ids.
        """
        self._woods_and_water()
        self._roads()
        self._buildings()
        self._trees()
        texture = self._textures()
        image = self.colour * (texture * self.shade)[..., None]
        return self._photograph(image), self.label

    def _fill(self, mask: NDArray[np.bool_], kind: int) -> None:
        """Give the pixels of a mask to a class, with one of its materials."""
        material = MATERIALS[kind][self.rng.integers(len(MATERIALS[kind]))]
        self.label[mask] = kind
        self.colour[mask] = np.array(material, np.float32) * self.rng.uniform(0.9, 1.1)

    def _woods_and_water(self) -> None:
        """Forest and lakes with natural outlines, and in most scenes a river."""
        rng, size, scale = self.rng, self.size, self.look.scale
        shape = smooth_noise(rng, size, 210 * scale) + 0.25 * smooth_noise(rng, size, 30 * scale)
        self._fill(shape > rng.uniform(0.9, 1.3), WOODS)
        lake = smooth_noise(rng, size, 230 * scale) + 0.06 * smooth_noise(rng, size, 22 * scale)
        self._fill(lake > rng.uniform(1.35, 1.7), WATER)
        if rng.random() < 0.7:
            bend = smooth_noise(rng, size, 260 * scale) + 0.05 * smooth_noise(rng, size, 25 * scale)
            slope = np.linspace(-2.5, 2.5, size, dtype=np.float32)
            level = bend + (slope[None] if rng.random() < 0.5 else slope[:, None])
            gradient = np.hypot(*np.gradient(level)) + 1e-4
            bank = np.abs(level) / gradient  # distance to the middle of the river, in pixels
            width = rng.uniform(9, 24) * scale
            self._fill(bank < 1.6 * width, WOODS if rng.random() < 0.5 else BARE)
            self._fill(bank < width, WATER)

    def _roads(self) -> None:
        """Tracks between parcels, and two or three highways."""
        rng, scale = self.rng, self.look.scale
        ids = self.parcels
        border = np.zeros(ids.shape, np.uint8)
        border[:, 1:] |= ids[:, 1:] != ids[:, :-1]
        border[1:] |= ids[1:] != ids[:-1]
        near_town = cv2.dilate(self.built_up[ids].astype(np.uint8), np.ones((5, 5)))
        tracks = border & (near_town | (smooth_noise(rng, self.size, 150 * scale) > 0.5))
        width = max(3, round(rng.uniform(5, 8) * scale))
        wide = cv2.dilate(tracks, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width)))
        self._fill((wide > 0) & (self.label != WATER), ROAD)
        for _ in range(int(rng.integers(1, 4))):
            canvas = np.zeros(ids.shape, np.uint8)
            start, middle, end = rng.uniform(-0.2, 1.2, (3, 2)) * self.size
            if rng.random() < 0.5:
                start[0], end[0] = -20, self.size + 20
            else:
                start[1], end[1] = -20, self.size + 20
            t = np.linspace(0, 1, 60)[:, None]
            curve = (1 - t) ** 2 * start + 2 * t * (1 - t) * middle + t**2 * end
            points = [np.round(curve).astype(np.int32)]
            thick = max(5, round(rng.uniform(10, 18) * scale))
            cv2.polylines(canvas, points, False, 1, thick)
            self._fill(canvas > 0, ROAD)
            if rng.random() < 0.6:
                line = np.zeros(ids.shape, np.uint8)
                cv2.polylines(line, points, False, 1, 1)
                self.shade[line > 0] *= 1.35

    def _buildings(self) -> None:
        """Rows of houses or halls in the built-up parcels, with roofs and shadows."""
        shadow = np.zeros(self.parcels.shape, np.uint8)
        boxes = []
        for parcel in np.flatnonzero(self.built_up):
            boxes += self._house_rows(self.parcels == parcel)
        for corners, tall in boxes:
            reach = np.array(self.look.sun) * tall
            hull = cv2.convexHull(np.concatenate([corners, corners + reach]).astype(np.float32))
            cv2.fillConvexPoly(shadow, np.round(hull).astype(np.int32), 1)
        self.shade *= np.where(cv2.GaussianBlur(shadow, (3, 3), 0) > 0, 0.48, 1).astype(np.float32)
        for corners, _ in boxes:
            self._roof(corners)

    def _house_rows(self, parcel: NDArray[np.bool_]) -> list[tuple[NDArray[np.float64], float]]:
        """Corners (4, 2) and height of the houses of one parcel."""
        rng, scale = self.rng, self.look.scale
        points = cv2.findNonZero((parcel & (self.label == BARE)).astype(np.uint8))
        if points is None or len(points) < 900 * scale**2:
            return []
        (cx, cy), (w, h), angle = cv2.minAreaRect(points)
        inner = cv2.erode(parcel.astype(np.uint8), np.ones((9, 9)))
        hall = rng.random() < 0.25
        long, wide = (rng.uniform(34, 60), rng.uniform(24, 34)) if hall else (
            rng.uniform(15, 24), rng.uniform(11, 15))  # fmt: skip
        step_x, step_y = scale * long * rng.uniform(1.25, 1.7), scale * wide * rng.uniform(1.6, 2.3)
        turn = np.deg2rad(angle)
        axes = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        houses = []
        for u in np.arange(-w / 2, w / 2, step_x):
            for v in np.arange(-h / 2, h / 2, step_y):
                if rng.random() < 0.15:
                    continue
                middle = np.array([cx, cy]) + (np.array([u, v]) + rng.uniform(-2, 2, 2)) @ axes
                half = scale * np.array([long, wide]) / 2 * rng.uniform(0.8, 1.1, 2)
                corners = middle + np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half @ axes
                x, y = np.round(corners).astype(int).T
                if min(x.min(), y.min()) < 0 or max(x.max(), y.max()) >= self.size:
                    continue
                if inner[y, x].all() and (self.label[y, x] == BARE).all():
                    houses.append((corners, scale * rng.uniform(5, 11) * (1.3 if hall else 1)))
        return houses

    def _roof(self, corners: NDArray[np.float64]) -> None:
        """Two slopes, of which the one that faces the sun is brighter."""
        outline = np.zeros(self.parcels.shape, np.uint8)
        x0, y0 = np.floor(corners.min(0)).astype(int)
        x1, y1 = np.minimum(np.ceil(corners.max(0)).astype(int) + 1, self.size)
        window = np.s_[y0:y1, x0:x1]
        cv2.fillConvexPoly(outline, np.round(corners).astype(np.int32), 1)
        mask = outline[window] > 0
        options = MATERIALS[BUILDING]
        material = np.array(options[self.rng.integers(len(options))], np.float32)
        y, x = np.mgrid[y0:y1, x0:x1]
        across = (corners[3] - corners[0]) / np.linalg.norm(corners[3] - corners[0])
        middle = corners.mean(0)
        side = np.sign((x - middle[0]) * across[0] + (y - middle[1]) * across[1])
        facing = -float(across @ np.array(self.look.sun))
        slope = 1 + 0.16 * facing * side * self.rng.uniform(0.2, 1)
        self.label[window][mask] = BUILDING
        self.colour[window][mask] = material * self.rng.uniform(0.85, 1.15)
        self.shade[window][mask] = slope[mask]

    def _trees(self) -> None:
        """Single trees and hedges along fields and roads; they count as woods."""
        rng, scale = self.rng, self.look.scale
        for _ in range(int(rng.integers(60, 160))):
            x, y = rng.integers(8, self.size - 8, 2)
            if self.label[y, x] in (WATER, ROAD, BUILDING, WOODS):
                continue
            radius = max(2, round(scale * rng.uniform(3, 6)))
            disc = np.zeros(self.parcels.shape, np.uint8)
            cv2.circle(
                disc,
                (int(x + self.look.sun[0] * radius), int(y + self.look.sun[1] * radius)),
                radius,
                1,
                -1,
            )
            self.shade[disc > 0] *= 0.65
            crown = np.zeros(self.parcels.shape, np.uint8)
            cv2.circle(crown, (int(x), int(y)), radius, 1, -1)
            self._fill(crown > 0, WOODS)

    def _textures(self) -> Map:
        """Brightness pattern of each class, around 1; (S, S)."""
        rng, size, scale = self.rng, self.size, self.look.scale
        y, x = np.mgrid[:size, :size].astype(np.float32)
        angle = rng.uniform(0, np.pi, self.count).astype(np.float32)[self.parcels]
        period = scale * rng.uniform(4.2, 7.5, self.count).astype(np.float32)[self.parcels]
        depth = rng.uniform(0.06, 0.15, self.count).astype(np.float32)[self.parcels]
        rows = np.sin(2 * np.pi * (np.cos(angle) * x + np.sin(angle) * y) / period)
        patches = smooth_noise(rng, size, 45 * scale)
        grain = cv2.GaussianBlur(
            rng.standard_normal((size, size)).astype(np.float32), (0, 0), 0.9 * scale
        )
        crowns = cv2.GaussianBlur(
            rng.standard_normal((size, size)).astype(np.float32), (0, 0), 2.1 * scale
        )
        crowns /= crowns.std()
        gy, gx = np.gradient(crowns)
        relief = -(gx * self.look.sun[0] + gy * self.look.sun[1])
        relief /= relief.std()
        ripple = np.sin((x * 0.8 + y * 0.6) / (1.7 * scale) + 3 * patches)
        texture = {
            FIELD: 1 + depth * rows + 0.05 * patches + 0.05 * grain,
            WOODS: 1 + 0.2 * relief + 0.1 * crowns,
            WATER: 1 + 0.04 * smooth_noise(rng, size, 120 * scale) + 0.012 * ripple,
            ROAD: 1 + 0.02 * patches + 0.03 * grain,
            BUILDING: 1 + 0.04 * grain,
            BARE: 1 + 0.08 * patches + 0.22 * grain + 0.05 * smooth_noise(rng, size, 9 * scale),
        }
        stack = np.stack([texture[kind] for kind in range(len(CLASSES))]).astype(np.float32)
        chosen = np.take_along_axis(stack, self.label[None].astype(np.int64), 0)[0]
        return np.clip(chosen, 0.3, 1.8)

    def _photograph(self, image: Map) -> Map:
        """Light, haze, optics and noise of the camera."""
        look = self.look
        image = image * look.light
        image = image * (1 - look.haze) + look.haze * np.array([0.62, 0.66, 0.72, 0.4], np.float32)
        image = cv2.GaussianBlur(image, (0, 0), look.blur)
        image += look.noise * self.rng.standard_normal(image.shape).astype(np.float32)
        return np.clip(image * 1.25, 0, 1).astype(np.float32)
