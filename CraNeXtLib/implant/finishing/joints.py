"""Where a piece is cut into segments: planes across its longest side, with a step at half the thickness for laps.

A plane runs along the way in of the segment behind it, which is inserted later, so that this one can slide along it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.distance_field import aligned_grid, field_of, span_of
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.finishing.plan_view import PlanView
from CraNeXtLib.implant.finishing.segment_settings import SegmentSettings
from CraNeXtLib.implant.finishing.settings import FinishSettings

SHORTEST_MM = 20.0
"""Least length of a segment."""

_MOST_LEANING = 0.5  # sine of the largest angle between a plane and the direction out of the head, against sharp edges
_STEP_MM = 1.0  # of the grid on which the middle of the thickness is found
_EDGE_MM = 3.0  # from the border of the piece, within which its thickness does not count
_THIN_PERCENT = 2.0  # of a joint's columns may be thinner, since voxels are stairs
_ROUNDED_MM = 0.6  # of each half's thickness, which blunt edges and rounded corners of the joint take: about a voxel
_SMOOTH_MM = 3.0  # standard deviation of its smoothing, so that the faces of a lap joint are even


@dataclass(frozen=True, eq=False)
class Joints:
    """The joints of a piece. A segment's number counts from 0.

    Args:
        axis: RAS unit vector along the piece, from the first segment to the last, shape (3,).
        points: Middle of each joint, RAS mm, shape (3,).
        normals: RAS unit normal of each joint, toward the later segment, shape (3,).
        settings: Kind and size of the joints.
        view: Grid whose third axis points out of the head.
        middle: Index of the middle of the piece's thickness in each column of the grid, shape (I, J).
    """

    axis: np.ndarray
    points: tuple[np.ndarray, ...]
    normals: tuple[np.ndarray, ...]
    settings: SegmentSettings
    view: Volume
    middle: np.ndarray

    def along(self, ways: Sequence[np.ndarray]) -> Joints:
        """Return joints along which the later segments slide.

        Args:
            ways: RAS unit vector in which each segment but the first is removed, shape (3,).
        """
        leaning = [self.axis - np.clip(self.axis @ way, -_MOST_LEANING, _MOST_LEANING) * way for way in ways]
        return replace(self, normals=tuple(normal / np.linalg.norm(normal) for normal in leaning))

    def segment(self, number: int, grid: Volume) -> np.ndarray:
        """Return a field on the voxels of a volume that is negative where a segment may be.

        Args:
            number: The segment; nothing is left between it and the one before.
            grid: Any volume of the grid.
        """
        field = np.full(grid.shape, -np.inf, np.float32)
        if number > 0:
            field = -self._before(number - 1, grid)
        if number < len(self.points):
            field = np.maximum(field, self._before(number, grid))
        return field

    def _before(self, joint: int, grid: Volume) -> np.ndarray:
        """Return a field that is negative before a joint."""
        normal = self.normals[joint]
        slope, start = normal @ grid.affine[:3, :3], normal @ (grid.affine[:3, 3] - self.points[joint])
        indices = np.ogrid[tuple(map(slice, grid.shape))]
        along = start + sum(part * index for part, index in zip(slope, indices, strict=True))
        if self.settings.joint == "gap":
            return along.astype(np.float32)
        half = self.settings.lap_mm / 2
        field = np.where(along < 0, along + half, along - half)
        near = np.abs(along) < half + 2 * float(grid.spacing.max())
        beyond, above = along[near], self._above_middle_mm(grid.to_ras(np.argwhere(near)))
        above += self.settings.joint_gap_mm / 2  # the later segment gives way by the whole gap, which both halves share
        field[near] = np.minimum(beyond + half, np.maximum(beyond - half, above))
        return field.astype(np.float32)

    def _above_middle_mm(self, points: np.ndarray) -> np.ndarray:
        """Return how far points, RAS mm, shape (N, 3), lie above the middle of the piece's thickness, shape (N,)."""
        i, j, k = self.view.to_indices(points).T
        middle = ndimage.map_coordinates(self.middle, [i, j], order=1, mode="nearest")
        above: np.ndarray = (k - middle) * float(self.view.spacing[2])
        return above


def joints_of(piece: Volume, outward: np.ndarray, settings: SegmentSettings, finishing: FinishSettings) -> Joints:
    """Return the joints that split a piece into segments of about the same volume.

    Args:
        piece: Mask of the piece.
        outward: RAS direction out of the head, shape (3,).
        settings: Number of segments, kind and size of the joints.
        finishing: How the segments are finished: their thickness, and the least wall of each half of a lap joint.

    Raises:
        InputError: If a segment would be too short, or the piece is too thin for a lap joint.
    """
    points = piece.to_ras(np.argwhere(piece.voxels))
    axis = _longest(points, outward)
    along = points @ axis
    places = np.quantile(along, np.arange(1, settings.count) / settings.count)
    lengths = np.diff([along.min(), *places, along.max()])
    least_mm = SHORTEST_MM if settings.joint == "gap" else max(SHORTEST_MM, 2 * settings.lap_mm)
    if lengths.min() < least_mm:
        raise InputError(
            f"The implant is {np.ptp(along):.0f} mm long, and one of its {settings.count} segments would be "
            f"{lengths.min():.0f} mm long, less than {least_mm:g} mm; choose fewer --segments"
            + (", or a shorter --lap-mm." if least_mm > SHORTEST_MM else ".")
        )
    view = PlanView(field_of(piece, aligned_grid(span_of(piece), outward, margin_mm=5.0, step_mm=_STEP_MM)))
    thick_mm = _thickness_mm(view, finishing)
    top = view.top + 0.5 - finishing.under_contour_mm / view.step
    middle = ndimage.gaussian_filter(top - thick_mm / view.normals[..., 2] / view.step / 2, _SMOOTH_MM / view.step)
    middles = [points[np.abs(along - place) <= piece.spacing.max()].mean(axis=0) for place in places]
    joints = Joints(axis, tuple(middles), (axis,) * len(places), settings, view.part, middle)
    if settings.joint == "lap":
        _check_thickness(joints, view, thick_mm, finishing.minimum_wall_mm)
    return joints


def _longest(points: np.ndarray, outward: np.ndarray) -> np.ndarray:
    """Return the RAS unit vector along the longest side of points, seen from outside, its main part positive."""
    across = points - points.mean(axis=0)
    across -= np.outer(across @ outward, outward)
    axis: np.ndarray = np.linalg.eigh(across.T @ across)[1][:, 2]
    return axis * np.sign(axis[np.abs(axis).argmax()])


def _thickness_mm(view: PlanView, finishing: FinishSettings) -> np.ndarray:
    """Return how thick the finished piece will be in each column, perpendicular to its outer side, shape (I, J)."""
    thick_mm = (view.top - view.bottom + 1) * view.step * view.normals[..., 2] - finishing.under_contour_mm
    if finishing.maximum_thickness_mm:
        thick_mm = np.minimum(thick_mm, finishing.maximum_thickness_mm)
    return np.maximum(thick_mm, finishing.minimum_thickness_mm)


def _check_thickness(joints: Joints, view: PlanView, thick_mm: np.ndarray, wall_mm: float) -> None:
    """Refuse a lap joint where a piece is too thin for two walls; at its own edge it may be thinner.

    Raises:
        InputError: If the piece is.
    """
    columns = np.argwhere(view.border_distance_mm > _EDGE_MM)
    heights = joints.middle[tuple(columns.T)]
    along = view.part.to_ras(np.column_stack([columns, heights])) @ joints.axis
    thick = thick_mm[tuple(columns.T)]
    needed_mm = 2 * (wall_mm + _ROUNDED_MM) + joints.settings.joint_gap_mm
    for point in joints.points:
        here = thick[np.abs(along - point @ joints.axis) <= max(joints.settings.lap_mm / 2, view.step)]
        thin_mm = float(np.percentile(here, _THIN_PERCENT)) if here.size else 0.0
        if thin_mm < needed_mm:
            raise InputError(
                f"The implant is only {thin_mm:.1f} mm thick at a lap joint, whose two halves and gap need "
                f"{needed_mm:.1f} mm; choose --joint gap, a minimum thickness of {needed_mm:.1f} mm (--thickness-mm), "
                "or a smaller minimum wall."
            )
