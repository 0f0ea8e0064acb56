"""Whether a mold does what it is for: the cavity is the part, the halves come apart, and their surfaces are closed.

It looks at the finished halves alone, by booleans, by distances and by moving them, and not at how they were made.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.mesh import Mesh, joined, shells_of
from CraNeXtLib.geometry.mesh_formats.mesh_merging import merged
from CraNeXtLib.geometry.solids import mesh_of, union
from CraNeXtLib.geometry.surface_distance import distances_to
from CraNeXtLib.implant.mold.two_part_mold import TwoPartMold

if TYPE_CHECKING:
    from manifold3d import Manifold

TOLERANCE_MM = 0.05
"""How far the cavity may lie off the molded part."""

FILM_MM = 1e-4
"""Thickness of a film over all surfaces of the halves whose volume is rounding."""

_STEPS = (0.1, 0.3, 1.0, 3.0, 10.0)  # mm by which a half is lifted, and then by the height of the mold
_MOST_POINTS = 60_000
_TOUCH_MM = 1e-4


@dataclass(frozen=True)
class MoldCheck:
    """What was found.

    Attributes:
        closed: Whether the surface of each half is closed and one body, in the precision of STL files.
        cavity_mm: How far the cavity lies off the part at most, but for sprue, vents and filled undercuts.
        filled_mm: How far it lies off the part at most in filled undercuts.
        missing_mm3: Volume of the molded part that a half fills.
        added_mm3: Volume that the halves leave free beyond part, filled undercuts, sprue, vents, channels and keys.
        collision_mm3: Largest overlap of the upper half with lower half, part and sprue, and of the part with the lower
            half, as each is lifted off in steps.
        rounding_mm3: Volume that is rounding.
    """

    closed: bool
    cavity_mm: float
    filled_mm: float
    missing_mm3: float
    added_mm3: float
    collision_mm3: float
    rounding_mm3: float

    @property
    def passed(self) -> bool:
        """Whether all is within its limit."""
        volumes = (self.missing_mm3, self.added_mm3, self.collision_mm3)
        return self.closed and self.cavity_mm <= TOLERANCE_MM and max(volumes) <= self.rounding_mm3

    def as_dict(self) -> dict[str, Any]:
        """Return the check for JSON."""
        numbers = {name: round(value, 4) if isinstance(value, float) else value for name, value in asdict(self).items()}
        return {"passed": self.passed, "tolerance_mm": TOLERANCE_MM, **numbers}

    def refuse(self) -> None:
        """Refuse a mold that does not pass.

        Raises:
            InputError: With what is wrong.
        """
        if not self.passed:
            raise InputError(
                "The mold does not pass its own check and was not written: "
                f"{'closed' if self.closed else 'NOT closed'}, cavity off by {self.cavity_mm:.3f} mm, "
                f"{self.missing_mm3:.2f} mm³ missing, {self.added_mm3:.2f} mm³ added, {self.collision_mm3:.2f} mm³ in "
                "the way of opening; finish the part anew with cranext finish, or give another --opening."
            )


def check_mold(mold: TwoPartMold) -> MoldCheck:
    """Check a mold."""
    molded = mold.undercut.molded
    shafts = union([mold.sprue, *mold.vents])
    halves = mold.lower + mold.upper
    cavity = mold.block - halves
    beside = cavity - molded
    # What the halves fill of the molded part, from volumes: cutting one by the other takes five times as long.
    missing_mm3 = molded.volume() - (cavity.volume() - beside.volume())
    off, filled = _offsets(mold, shafts)
    return MoldCheck(
        closed=all(is_printable(mesh_of(half)) for half in (mold.lower, mold.upper)),
        cavity_mm=float(off[~filled].max(initial=0)),
        filled_mm=float(off[filled].max(initial=0)),
        missing_mm3=abs(float(missing_mm3)),
        added_mm3=abs(float((beside - shafts - mold.between).volume())),
        collision_mm3=max(
            overlap_mm3(mold.upper, [mold.lower, molded, shafts ^ (mold.block - mold.lower)], mold.size_mm[2]),
            overlap_mm3(molded, [mold.lower], mold.size_mm[2]),
        ),
        rounding_mm3=FILM_MM * float(mold.lower.surface_area() + mold.upper.surface_area()),
    )


def is_printable(mesh: Mesh) -> bool:
    """Return whether a mesh is closed and one body in single precision, as STL files have it."""
    stored = merged(mesh)
    return stored.is_watertight and shells_of(stored)[0] == 1


def overlap_mm3(moved: Manifold, others: list[Manifold], height_mm: float) -> float:
    """Return how much a solid overlaps with others at most as it is lifted along the third axis, in mm³."""
    obstacle = union(others)
    return max(abs(float((moved.translate([0, 0, step]) ^ obstacle).volume())) for step in (*_STEPS, height_mm))


def _offsets(mold: TwoPartMold, shafts: Manifold) -> tuple[np.ndarray, np.ndarray]:
    """Return how far corners of the part lie off the halves, but for shafts, and which of them are in undercuts."""
    surface = joined([mesh_of(mold.lower), mesh_of(mold.upper)])
    corners = mesh_of(mold.undercut.part).vertices
    corners = corners[:: -(-len(corners) // _MOST_POINTS)]
    corners = corners[distances_to(mesh_of(shafts), corners) > TOLERANCE_MM]
    filled = np.zeros(len(corners), bool)
    if not mold.undercut.filling.is_empty():
        filled = np.abs(distances_to(mesh_of(mold.undercut.filling), corners)) < _TOUCH_MM
    return np.abs(distances_to(surface, corners)), filled
