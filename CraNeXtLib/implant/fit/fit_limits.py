"""When an implant fits."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class FitLimits:
    """When an implant fits. The defaults are ours and NOT VALIDATED CLINICALLY.

    Attributes:
        gap_mm: Widest gap to the bone within tolerance.
        overlap_mm: Deepest overlap with bone within tolerance: about half a voxel of a head CT.
        rim_percent: Least percentage of the rim within both tolerances. In a series of 39 PEEK implants, 95.17 % of the
            measurements were within its own tolerance (J Clin Med 2022, 11:2045).
        wall_mm: Least thickness, away from the slanted edge.
        collision_mm: Deepest contact with bone on insertion that does not count as a collision.
    """

    gap_mm: float = 1.5
    overlap_mm: float = 0.3
    rim_percent: float = 95.0
    wall_mm: float = 2.0
    collision_mm: float = 0.3
