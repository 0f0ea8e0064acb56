"""The other side of the head: the plane of symmetry, and an implant held against the mirrored skull."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import ndimage, optimize
from scipy.spatial import cKDTree

from CraNeXtLib.anatomy.head.landmarks import SkullFrame
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.distance_field import FAR_MM, aligned_grid, distance, field_of
from CraNeXtLib.geometry.mesh import Mesh, vertex_normals
from CraNeXtLib.geometry.resampling import shrink
from CraNeXtLib.geometry.surface_extraction import surface_of_field
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.fit.thickness import sides, wall_thickness

GRID_MM = 2.0  # of the fit of the plane
SURFACE_MM = 1.0  # of the mirrored bone's surface
OUTLIER_MM = 4.0  # a place whose mirror image lies further from bone tells nothing about the plane
TILT_DEG = 25.0  # of the head in its scan, at most
ASIDE_MM = 1.5  # how far beside a point its counterpart may lie
APART_MM = 8.0  # and how far inside or outside; further away it is other bone
UPRIGHT = 0.8  # cosine between the way out of the head and a counterpart's normal; the edges of a hole slant more
_NEIGHBOURS = 12  # over which the mirrored bone's thickness is averaged


@dataclass(frozen=True, eq=False)
class SymmetryPlane:
    """A mid-sagittal plane: the points whose product with the normal is the offset.

    Args:
        normal: RAS unit vector to the patient's right, shape (3,).
        offset: In mm.
    """

    normal: np.ndarray
    offset: float

    def mirror(self, points: np.ndarray) -> np.ndarray:
        """Return mirror images of RAS points, shape (N, 3)."""
        return points - 2 * (points @ self.normal - self.offset)[:, None] * self.normal

    @cached_property
    def matrix(self) -> np.ndarray:
        """4×4 matrix of the mirroring."""
        matrix = np.eye(4)
        matrix[:3, :3] -= 2 * np.outer(self.normal, self.normal)
        matrix[:3, 3] = 2 * self.offset * self.normal
        return matrix


def symmetry_plane(skull: Volume, frame: SkullFrame) -> SymmetryPlane:
    """Find the plane that mirrors the outer surface of a brain case onto itself, whatever is missing on one side.

    It minimises the distances of mirrored places of the vault to bone, those beyond 4 mm counting no further, from the
    middle of the head and tilts of up to 25°.

    Args:
        skull: Mask of the skull.
        frame: Its landmarks.

    Raises:
        InputError: If there is next to no vault.
    """
    reduced = shrink(skull, GRID_MM)
    bone = Volume(reduced.voxels >= min(0.4, reduced.voxels.max()), reduced.affine)
    grid = aligned_grid(bone.to_ras(np.argwhere(bone.voxels)), np.array([0, 0, 1.0]), margin_mm=10, step_mm=GRID_MM)
    away = distance(field_of(bone, grid))
    points = _outer_places(frame)
    if len(points) < 100:
        raise InputError("The skull has too little of a vault to find its plane of symmetry.")

    def mismatch(parameters: np.ndarray) -> float:
        plane = _plane(parameters, frame.center)
        places = grid.to_indices(plane.mirror(points)).T
        found = ndimage.map_coordinates(away.voxels, places, order=1, cval=FAR_MM, prefilter=False)
        return float(np.minimum(np.abs(found), OUTLIER_MM).mean())

    starts = [np.array([yaw, roll, shift]) for yaw in (-10, 0, 10) for roll in (-10, 0, 10) for shift in (-4, 0, 4)]
    start = min(starts, key=mismatch)
    simplex = start + np.vstack([np.zeros(3), np.diag([4.0, 4.0, 3.0])])
    found = optimize.minimize(
        mismatch, start, method="Nelder-Mead", options={"initial_simplex": simplex, "xatol": 0.02, "fatol": 1e-4}
    )
    limits = np.array([TILT_DEG, TILT_DEG, 15.0])
    return _plane(np.clip(found.x, -limits, limits), frame.center)


@dataclass(frozen=True, eq=False)
class Comparison:
    """An implant held against the mirrored bone, at its vertices; NaN where there is no counterpart.

    Args:
        outside_mm: How far the outer side lies outside (negative inside) that of the mirrored bone, shape (N,).
        thicker_mm: How much thicker the implant is than the mirrored bone, shape (N,).
    """

    outside_mm: np.ndarray
    thicker_mm: np.ndarray


def compare_with_mirrored(
    mesh: Mesh, side: np.ndarray, walls: np.ndarray, skull: Volume, plane: SymmetryPlane, centre: np.ndarray
) -> Comparison:
    """Hold the outer side of an implant against the other side of the head.

    Args:
        mesh: Surface of the implant.
        side: Of its vertices, see ``walls.sides``.
        walls: Thickness at its vertices.
        skull: Mask of the defective skull.
        plane: The plane of symmetry.
        centre: A point in the middle of the head, RAS mm.
    """
    outside, thicker = np.full((2, len(mesh.vertices)), np.nan)
    outer = np.flatnonzero(side == 1)
    bone = _mirrored_bone(mesh.vertices[outer], skull, plane, centre) if len(outer) else None
    if bone is not None:
        bone_walls = wall_thickness(bone, sides(bone, centre))
        places = np.flatnonzero(sides(bone, centre, facing=UPRIGHT) == 1)
        if len(places) > _NEIGHBOURS:
            tree = cKDTree(bone.vertices[places])
            _, near = tree.query(mesh.vertices[outer], k=_NEIGHBOURS)
            normals = vertex_normals(bone)[places[near[:, 0]]]
            offset = mesh.vertices[outer] - bone.vertices[places[near[:, 0]]]
            along = (offset * normals).sum(axis=1)
            aside = np.linalg.norm(offset - along[:, None] * normals, axis=1)
            met = (aside < ASIDE_MM) & (np.abs(along) < APART_MM)
            outside[outer[met]] = along[met]
            thicker[outer[met]] = (walls[outer] - np.median(bone_walls[places[near]], axis=1))[met]
    return Comparison(outside, thicker)


def _mirrored_bone(points: np.ndarray, skull: Volume, plane: SymmetryPlane, centre: np.ndarray) -> Mesh | None:
    """Return the surface of the mirrored skull around points."""
    mirrored = Volume(skull.voxels, plane.matrix @ skull.affine)
    grid = aligned_grid(points, points.mean(axis=0) - centre, margin_mm=2 * APART_MM, step_mm=SURFACE_MM)
    field = field_of(mirrored, grid)
    return surface_of_field(field, iterations=5) if (field.voxels < 0).any() else None


def _plane(parameters: np.ndarray, centre: np.ndarray) -> SymmetryPlane:
    """Return the plane of a turn about S and about A, in degrees, and a shift from the centre to the right, in mm."""
    yaw, roll = np.deg2rad(parameters[:2])
    normal = np.array([np.cos(yaw) * np.cos(roll), np.sin(yaw) * np.cos(roll), np.sin(roll)])
    return SymmetryPlane(normal, float(centre @ normal + parameters[2]))


def _outer_places(frame: SkullFrame) -> np.ndarray:
    """Return the outermost bone of the vault in directions about 3° apart, RAS mm, shape (N, 3)."""
    points = frame.points[frame.points[:, 2] > frame.level(0.4)]
    offsets = points - frame.center
    radii = np.linalg.norm(offsets, axis=1)
    cells = np.round(offsets / np.maximum(radii, 1e-6)[:, None] / np.deg2rad(3)).astype(int)
    order = np.lexsort((-radii, *cells.T))
    first = np.ones(len(order), bool)
    first[1:] = (np.diff(cells[order], axis=0) != 0).any(axis=1)
    return points[order[first]]
