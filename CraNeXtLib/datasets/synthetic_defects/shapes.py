"""Random shapes of synthetic defects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from CraNeXtLib.anatomy.head.landmarks import SkullFrame
from CraNeXtLib.datasets.synthetic_defects.kinds import DEEP_KINDS, KINDS, DeepKind, DefectKind

WAVES = 8
"""Number of plane waves that make the border irregular."""

WAVE_LIMIT_MM = 4.0
"""Largest displacement of the border by the waves."""

SECONDARY = 7
"""Largest number of spheres that extend the primary one."""

BEND_MM = 4.0
"""Radius that rounds the notches between two spheres, as bone remodels."""

REACH_MM = 20.0
"""Bone deeper than this below the outer surface does not belong to the vault."""

_BENDS, _BEND_WAVES_MM = 6, (40.0, 90.0)
"""Number and lengths of the plane waves that bend a shape."""


@dataclass(frozen=True, eq=False)
class DefectShape:
    """A defect as a function of points: negative inside, about the distance to its border in mm.

    Points are in mm along the head's right, anterior and superior directions.

    Attributes:
        center: Center of the defect on the vault, in mm, shape (3,).
        cut: Maps points relative to the center, shape (N, 3), to the signed distance of the plain shape, in mm.
        radius: No point further than this from the center, in mm, is inside.
        lowest: Lowest S coordinate of the defect, in mm.
        waves: Wave vectors (1/mm) and phases of the border's irregularity, shape (WAVES, 4).
        roughness: Standard deviation of that irregularity, in mm.
        rounding: How much wider the defect is at both tables of the bone than between them, in mm.
        slope: How much wider it is at the outer than at the inner table, in mm.
        lamella: Fraction of the thickness, from the inner table, that stays; negative for an open defect.
        reach: Bone deeper than this below the outer surface, in mm, stays.
        residue: Pieces of bone that stay, as x, y, z relative to the center and radius in mm, shape (M, 4).
    """

    center: np.ndarray
    cut: Callable[[np.ndarray], np.ndarray]
    radius: float
    lowest: float
    waves: np.ndarray
    roughness: float = 0.0
    rounding: float = 0.0
    slope: float = 0.0
    lamella: float = -1.0
    reach: float = REACH_MM
    residue: np.ndarray | None = None

    def field(self, points: np.ndarray, depth: np.ndarray) -> np.ndarray:
        """Evaluate the shape.

        Args:
            points: In mm relative to the center, shape (N, 3).
            depth: Where each point lies in the bone, 0 inner to 1 outer table, shape (N,).

        Returns:
            Shape (N,), negative inside the defect.
        """
        wave = np.zeros(len(points), dtype=points.dtype)
        if self.roughness:
            amplitude = self.roughness * np.sqrt(2 / len(self.waves))
            vectors, phases = np.split(self.waves.astype(points.dtype), [3], axis=1)
            wave = amplitude * np.cos(vectors @ points.T + phases).sum(axis=0)
            np.clip(wave, -WAVE_LIMIT_MM, WAVE_LIMIT_MM, out=wave)
        field = self.cut(points) + wave - self.rounding * (2 * depth - 1) ** 2 - self.slope * depth
        margin = WAVE_LIMIT_MM if self.roughness else 0.0
        field = np.maximum(field, self.lowest - self.center[2] + margin - points[:, 2] + wave)
        if self.lamella > 0:
            field = np.maximum(field, 10 * (self.lamella - depth) + wave)
        if self.residue is not None:
            field = np.maximum(field, -_spheres(points, self.residue) - wave)
        return field


def draw_shape(kind: str, frame: SkullFrame, rng: np.random.Generator) -> DefectShape:
    """Draw location, size and border of a defect."""
    if kind in DEEP_KINDS:
        return _deep_shape(DEEP_KINDS[kind], frame, rng)
    waves = draw_waves(rng)
    if kind == "skullfix":
        return _skullfix_shape(frame, rng, waves)
    spheres = KINDS[kind]
    assert spheres is not None, "only skullfix, which is a box, has no spheres"
    shape = sphere_shape(spheres, frame, rng, waves)
    if kind == "sloped-edge":
        slope = rng.uniform(6, 14)
        return replace(shape, slope=slope, radius=shape.radius + slope)
    if kind == "non-break-through":
        return replace(shape, lamella=rng.uniform(0.25, 0.6))
    if kind == "bone-residue":
        return replace(shape, residue=_draw_residue(shape, frame, rng))
    return shape


def _deep_shape(kind: DeepKind, frame: SkullFrame, rng: np.random.Generator) -> DefectShape:
    """Draw a shape of spheres, how deep and how low it reaches, and bend it."""
    spheres = replace(kind.spheres, lowest=rng.uniform(*kind.lowest))
    shape = bent(sphere_shape(spheres, frame, rng, draw_waves(rng)), draw_bend(rng, rng.uniform(*kind.bend)))
    return replace(shape, reach=rng.uniform(*kind.reach))


@dataclass(frozen=True, eq=False)
class Bend:
    """A smooth random displacement: a sum of plane waves.

    Attributes:
        waves: Wave vectors in 1/mm, shape (N, 3).
        phases: Their phases, shape (N,).
        towards: Their displacements in mm, shape (N, 3).
    """

    waves: np.ndarray
    phases: np.ndarray
    towards: np.ndarray

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """Return displaced points, shape (N, 3), in mm."""
        return points + (np.cos(points @ self.waves.T + self.phases) @ self.towards).astype(points.dtype)

    @property
    def furthest(self) -> float:
        """No point moves further than this, in mm."""
        return float(np.linalg.norm(np.abs(self.towards).sum(axis=0)))


def draw_bend(rng: np.random.Generator, sd_mm: float) -> Bend:
    """Draw a displacement with a standard deviation along each axis, whose waves are 40 to 90 mm long."""
    waves = rng.normal(size=(_BENDS, 3))
    waves *= 2 * np.pi / rng.uniform(*_BEND_WAVES_MM, (_BENDS, 1)) / np.linalg.norm(waves, axis=1, keepdims=True)
    phases, towards = rng.uniform(0, 2 * np.pi, _BENDS), rng.normal(size=(_BENDS, 3)) * sd_mm * np.sqrt(2 / _BENDS)
    return Bend(waves, phases, towards)


def bent(shape: DefectShape, bend: Bend) -> DefectShape:
    """Return a shape whose plain form is bent; its lowest level stays."""
    return replace(shape, cut=lambda points: shape.cut(bend(points)), radius=shape.radius + bend.furthest)


def _spheres(points: np.ndarray, spheres: np.ndarray) -> np.ndarray:
    """Return the signed distance to a union of spheres (x, y, z, radius) whose notches are rounded."""
    centers, radii = spheres[:, :3].astype(points.dtype), spheres[:, 3:].astype(points.dtype)
    squared = (centers**2).sum(axis=1, keepdims=True) - 2 * centers @ points.T + np.einsum("ij,ij->i", points, points)
    distances = np.sqrt(np.maximum(squared, 0)) - radii
    nearest = distances.min(axis=0)
    if len(spheres) == 1:
        return nearest
    return nearest - BEND_MM / 2 * np.log(np.exp((nearest - distances) * (2 / BEND_MM)).sum(axis=0))


def sphere_shape(kind: DefectKind, frame: SkullFrame, rng: np.random.Generator, waves: np.ndarray) -> DefectShape:
    """Draw a primary sphere on the vault and secondary spheres centered on its surface."""
    side = rng.choice([-1, 1])
    center = frame.surface(frame.direction(side * rng.uniform(*kind.azimuth), _elevation(rng, kind.elevation)))
    primary = float(np.clip(rng.normal(*kind.radius), 12, 55))
    secondary = float(np.clip(rng.normal(16, 4), 6, 28))
    towards = rng.normal(size=(rng.integers(SECONDARY, endpoint=True), 3))
    towards *= primary / np.linalg.norm(towards, axis=1, keepdims=True)
    spheres = np.vstack([[0, 0, 0, primary], np.column_stack([towards, np.full(len(towards), secondary)])])
    stretch = np.array(kind.stretch, dtype=np.float32)
    rounding = rng.uniform(0.5, 2.0)
    furthest = (primary + secondary * bool(len(towards))) * max(kind.stretch)
    return DefectShape(
        center=center,
        cut=lambda points: _spheres(points / stretch, spheres),
        radius=furthest + BEND_MM / 2 * np.log(len(spheres)) + WAVE_LIMIT_MM + rounding,
        lowest=frame.level(kind.lowest),
        waves=waves,
        roughness=2.0,
        rounding=rounding,
    )


def _skullfix_shape(frame: SkullFrame, rng: np.random.Generator, waves: np.ndarray) -> DefectShape:
    """Draw a SkullFix box; means and deviations were measured on its implants."""
    width, column = rng.normal(79, 6), 4.3
    middle = frame.center[0] + rng.normal(-2, 4.5)
    front = frame.center[1] - frame.length * rng.normal(0.10, 0.03)
    lowest = frame.vertex - np.clip(rng.normal(48, 5), 36, 66)
    back = frame.center[1] - frame.length / 2
    center = np.array([middle, (front + back) / 2, (frame.vertex + lowest) / 2])

    def cut(points: np.ndarray) -> np.ndarray:
        sideways, forwards = np.abs(points[:, 0]) - width / 2, points[:, 1] - (front - center[1])
        return np.minimum(np.maximum(sideways, forwards), np.hypot(sideways, forwards) - column)

    radius = float(np.linalg.norm([width / 2 + column, (front - back) / 2 + column, (frame.vertex - lowest) / 2 + 5]))
    return DefectShape(center=center, cut=cut, radius=radius, lowest=lowest, waves=waves)


def _draw_residue(shape: DefectShape, frame: SkullFrame, rng: np.random.Generator) -> np.ndarray:
    """Draw one to four pieces of bone that lie in the defect: rows of x, y, z relative to its center, and radius."""
    pieces = []
    for _ in range(rng.integers(1, 4, endpoint=True)):
        aside = shape.center + rng.normal(0, 14, size=3) - frame.center
        place = frame.surface(aside / np.linalg.norm(aside))
        pieces.append([*(place - shape.center), np.clip(rng.normal(8, 3), 4, 14)])
    return np.array(pieces)


def draw_waves(rng: np.random.Generator) -> np.ndarray:
    """Draw plane waves of 15 to 45 mm length, rows of wave vector (1/mm) and phase."""
    towards = rng.normal(size=(WAVES, 3))
    towards /= np.linalg.norm(towards, axis=1, keepdims=True)
    return np.column_stack([towards * (2 * np.pi / rng.uniform(15, 45, size=(WAVES, 1))), rng.uniform(0, 7, WAVES)])


def _elevation(rng: np.random.Generator, limits: tuple[float, float]) -> float:
    """Draw an elevation, in degrees, so that all areas of the vault are equally likely."""
    return float(np.rad2deg(np.arcsin(rng.uniform(*np.sin(np.deg2rad(limits))))))
