"""Find skulls that occur twice in a data set, even if they were scanned or segmented again."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import TypeVar

import numpy as np
from scipy.spatial import cKDTree

from CraNeXtLib.anatomy.head.alignment import align_surfaces
from CraNeXtLib.anatomy.head.bone_surface import Surface, bone_surface
from CraNeXtLib.anatomy.head.landmarks import skull_frame
from CraNeXtLib.anatomy.head.proportions import VAULT_HEIGHT_MM
from CraNeXtLib.geometry.volume import Volume

# Between two persons of SkullFix the outlines differ by 1.2 mm or more, the median is 4.6 mm; one head turned by 8
# degrees differs from itself by up to 2.2 mm. Aligned surfaces are 0.2 mm apart for one head, 0.5 mm with another
# threshold of the bone, and 0.9 mm or more for the most similar persons (medians of the distance along the normal).
OUTLINE_MM = 2.0
SURFACE_MM = 0.65
DIRECTIONS = 200
SURFACE_POINTS = 5000

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, eq=False)
class Fingerprint:
    """Features that distinguish heads.

    Attributes:
        outline: Distance of the outermost bone from the vault's center in fixed directions, in mm.
        surface: Points of the bone's surface.
    """

    outline: np.ndarray
    surface: Surface


def fingerprint(skull: Volume) -> Fingerprint:
    """Describe a complete skull.

    Raises:
        InputError: If the mask holds almost no bone.
    """
    frame = skull_frame(skull)
    offsets = frame.points - frame.center
    offsets = offsets[offsets[:, 2] > 0]
    distances = np.linalg.norm(offsets, axis=1)
    outline = np.zeros(DIRECTIONS)
    np.maximum.at(outline, cKDTree(_upward_directions()).query(offsets / distances[:, None])[1], distances)
    return Fingerprint(outline, bone_surface(skull).sample(SURFACE_POINTS))


def find_duplicates(skulls: Mapping[Key, Fingerprint]) -> list[tuple[Key, Key]]:
    """Return pairs of skulls of the same head; more than two are connected by as few pairs as possible."""
    leader = {key: key for key in skulls}
    found = []
    for first, second in combinations(skulls, 2):
        if leader[first] == leader[second]:
            continue
        if np.abs(skulls[first].outline - skulls[second].outline).mean() > OUTLINE_MM:
            continue
        if surface_distance(skulls[first].surface, skulls[second].surface) < SURFACE_MM:
            found.append((first, second))
            kept, joined = leader[first], leader[second]
            leader = {key: kept if value == joined else value for key, value in leader.items()}
    return found


def surface_distance(moving: Surface, fixed: Surface) -> float:
    """Return the median distance of two rigidly aligned vaults, in mm, along the normals."""
    moved = moving.moved(align_surfaces(moving, fixed, kind="rigid").matrix)
    vault = moved.points[:, 2] > np.percentile(fixed.points[:, 2], 99.9) - VAULT_HEIGHT_MM
    _, partners = cKDTree(fixed.points).query(moved.points[vault])
    gaps = np.sum(fixed.normals[partners] * (moved.points[vault] - fixed.points[partners]), axis=1)
    return float(np.median(np.abs(gaps)))


def _upward_directions() -> np.ndarray:
    """Return directions spread evenly over the upper half sphere (Fibonacci lattice), shape (DIRECTIONS, 3)."""
    up = (np.arange(DIRECTIONS) + 0.5) / DIRECTIONS
    angle = np.pi * (1 + 5**0.5) * np.arange(DIRECTIONS)
    return np.column_stack([np.cos(angle) * np.sqrt(1 - up**2), np.sin(angle) * np.sqrt(1 - up**2), up])
