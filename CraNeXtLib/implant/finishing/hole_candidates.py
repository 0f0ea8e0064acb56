"""Holes for screws and sutures: where one may be, and what is known of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.finishing.drilling import Bore, drill
from CraNeXtLib.implant.finishing.ray_surface import RaySurface
from CraNeXtLib.implant.finishing.rods import Rods
from CraNeXtLib.implant.finishing.spur import Spur
from CraNeXtLib.implant.symmetry_plane import SymmetryPlane

Position = tuple[float, float, float]


@dataclass(frozen=True)
class Hole:
    """A hole for a screw or a suture.

    Attributes:
        purpose: ``"screw in part"``, ``"screw in bone"``, ``"suture"`` or ``"suspension"``.
        place_ras_mm: Its middle on the outer surface.
        axis_ras: RAS unit vector along it, out of the head.
        diameter_mm: Its diameter.
        depth_mm: Thickness of part or bone there, to the first cavity, at most 20: no screw may be longer.
        edge_mm: Distance from the hole to the nearest edge of part or bone, at most 15.
        midline_mm: Distance of its middle from the midline; None if it was not asked for.
        spur: The tongue in it that holds a suture; None without one.
    """

    purpose: str
    place_ras_mm: Position
    axis_ras: Position
    diameter_mm: float
    depth_mm: float
    edge_mm: float
    midline_mm: float | None
    spur: Spur | None = None

    @property
    def bore(self) -> Bore:
        """The hole to be drilled."""
        return Bore(self.place_ras_mm, self.axis_ras, self.diameter_mm / 2, self.depth_mm)


@dataclass(frozen=True, eq=False)
class Candidates:
    """Holes at every station of the rim, the same offset from it.

    Args:
        purpose: What they are for.
        surface: Surface of part or bone that they go through.
        diameter_mm: Their diameter.
        places: Their middles on the outer surface, RAS mm, shape (N, 3), NaN where there is none.
        axes: RAS unit vectors out of the head, shape (N, 3).
        depths_mm: Thickness there, shape (N,).
        midlines_mm: Distance from the midline, shape (N,); NaN if it was not asked for.
    """

    purpose: str
    surface: RaySurface
    diameter_mm: float
    places: np.ndarray
    axes: np.ndarray
    depths_mm: np.ndarray
    midlines_mm: np.ndarray

    def allowed(self, *, depth_mm: float, edge_mm: float, midline_mm: float, wall_mm: float) -> np.ndarray:
        """Return where depth, edge and midline keep their least values, and a part its wall, bool of shape (N,)."""
        far = np.isnan(self.midlines_mm) | (self.midlines_mm >= midline_mm)
        allowed = np.isfinite(self.places).all(axis=1) & (self.depths_mm >= depth_mm) & far
        within_mm = edge_mm + self.diameter_mm / 2
        chosen = self.places[allowed], self.axes[allowed], self.depths_mm[allowed]
        edges = self.surface.edge_mm(*chosen, within_mm=within_mm)
        allowed[allowed] = edges >= within_mm
        if self.surface.solid:
            chosen = self.places[allowed], self.axes[allowed], self.depths_mm[allowed]
            allowed[allowed] = self.surface.enclosed(*chosen, self.diameter_mm / 2 + wall_mm)
        return allowed

    @property
    def rods(self) -> Rods:
        """The holes as rods."""
        return Rods(self.places, self.places - self.depths_mm[:, None] * self.axes, self.diameter_mm / 2)

    def hole(self, station: int) -> Hole:
        """Return the hole at a station."""
        midline = float(self.midlines_mm[station])
        (edge,) = self.surface.edge_mm(self.places[[station]], self.axes[[station]], self.depths_mm[[station]])
        return Hole(
            self.purpose,
            position(self.places[station], 2),
            position(self.axes[station], 4),
            self.diameter_mm,
            round(float(self.depths_mm[station]), 2),
            round(float(edge) - self.diameter_mm / 2, 2),
            None if np.isnan(midline) else round(midline, 1),
        )


def position(point: np.ndarray, digits: int) -> Position:
    """Return three rounded numbers."""
    x, y, z = np.round(point, digits).tolist()
    return x, y, z


def candidates(
    purpose: str,
    surface: RaySurface,
    points: np.ndarray,
    axes: np.ndarray,
    diameter_mm: float,
    midline: SymmetryPlane | None,
) -> Candidates:
    """Return the holes through a surface below points.

    Args:
        purpose: What they are for.
        surface: Surface of part or bone.
        points: RAS mm, shape (N, 3).
        axes: RAS unit vectors out of the head, shape (N, 3).
        diameter_mm: Diameter of the holes.
        midline: The mid-sagittal plane, if holes keep clear of it.
    """
    places, depths = surface.below(points, axes)
    midlines = np.full(len(points), np.nan) if midline is None else midline.distance_mm(places)
    return Candidates(purpose, surface, diameter_mm, places, axes, depths, midlines)


def drill_hole(field: np.ndarray, part: Volume, hole: Hole) -> None:
    """Cut a hole out of the field of a part, in place; ``part`` has its grid."""
    spur = hole.spur
    if spur is None:
        drill(field, part, hole.bore)
        return
    to_grid, step = (part.affine[:3, :3] / part.spacing).T, float(part.spacing[0])
    normal, toward = to_grid @ hole.axis_ras, to_grid @ spur.direction_ras
    across = np.cross(normal, toward)

    def spur_mm(offsets: Sequence[np.ndarray]) -> np.ndarray:
        along, aside, above = (
            step * sum(offset * n for offset, n in zip(offsets, axis, strict=True)) for axis in (toward, across, normal)
        )
        return spur.distance_mm(along, aside, -above, hole.diameter_mm / 2)

    drill(field, part, hole.bore, kept_mm=spur_mm)
