"""A sheet on the outer side of bone and implant that covers the defect and overlaps the bone around it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.settings import number_in
from CraNeXtLib.geometry.distance_field import FAR_MM, aligned_grid, distance, field_of, span_of
from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.point_tree import point_tree
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.model_ranges import ONLAY_OVERLAP_MM, ONLAY_THICKNESS_MM
from CraNeXtLib.implant.onlay.triangulation import boundary_loop, triangulated
from CraNeXtLib.implant.outward import outward_direction

_STEP_MM = 1.0
_SMOOTH_MM = 2.0  # standard deviation of the smoothing of what the sheet lies on: a sheet does not follow every pit
_STEEPEST = 0.35  # cosine with the direction out of the head; farther down the flanks the sheet does not reach
_LIFTS = 30
_TOUCHING_MM = 0.01


@dataclass(frozen=True, eq=False)
class Sheet:
    """A sheet of constant thickness.

    Args:
        under: Its lower side, which lies on the bone; faces point outward. Its border is one loop.
        solid: The closed sheet.
        loop: Vertices of ``under`` along its border, in order, counter-clockwise seen from outside, shape (N,).
        area_cm2: Area of the lower side.
        start: View of ``under`` from outside in mm, shape (N, 2), from which flattening starts.
        gap_mm: Median and greatest distance of the lower side from the bone, where it is nearer than the implant.
    """

    under: Mesh
    solid: Mesh
    loop: np.ndarray
    start: np.ndarray
    area_cm2: float
    gap_mm: tuple[float, float]


def onlay_sheet(implant: Volume, skull: Volume, *, thickness_mm: float, overlap_mm: float) -> Sheet:
    """Return the sheet over one piece of an implant.

    It is laid out in the view from outside: a height for each column, smoothed, and raised where it would cut into
    bone or implant.

    Args:
        implant: Mask of the piece, not empty.
        skull: Mask of the defective skull, of the same geometry.
        thickness_mm: Thickness of the sheet.
        overlap_mm: How far it reaches over the bone.

    Raises:
        InputError: If a size is out of its range, or there is no surface to lie on.
    """
    check_onlay(thickness_mm, overlap_mm)
    outward = outward_direction(implant, skull)
    grid = aligned_grid(span_of(implant), outward, margin_mm=overlap_mm + 8, step_mm=_STEP_MM)
    head = field_of(skull.with_voxels((skull.voxels != 0) | (implant.voxels != 0)), grid)
    top = _top(head.voxels)
    inside = _region(top, field_of(implant, grid), overlap_mm)
    if not (inside < 0).any():
        raise InputError("There is no outer surface around the defect for --onlay-mm; check the masks.")
    height = _resting(top)
    points, faces = triangulated(inside, 2 * _STEP_MM / float(grid.spacing[0]))
    heights = ndimage.map_coordinates(height, points.T, order=1, mode="nearest")
    under = Mesh(grid.to_ras(np.column_stack([points, heights])), faces)
    bone_mm = distance(field_of(skull, grid))
    gaps = _sampled(bone_mm, under)
    lifted = Mesh(under.vertices + max(0.0, -float(gaps.min())) * grid.affine[:3, 2] / grid.spacing[2], faces)
    loop = boundary_loop(faces)
    to_bone, to_implant = (_at(field, lifted.vertices) for field in (bone_mm, distance(field_of(implant, grid))))
    near = to_bone[to_bone < to_implant]
    areas = np.linalg.norm(np.cross(*np.diff(lifted.vertices[faces], axis=1).transpose(1, 0, 2)), axis=1) / 2
    spread = (float(np.median(near)), float(near.max())) if near.size else (0.0, 0.0)
    solid = thickened(lifted, loop, thickness_mm)
    return Sheet(lifted, solid, loop, points * float(grid.spacing[0]), float(areas.sum()) / 100, spread)


def check_onlay(thickness_mm: float, overlap_mm: float) -> None:
    """Refuse sizes that no sheet has.

    Raises:
        InputError: If one is out of its range.
    """
    number_in(thickness_mm, *ONLAY_THICKNESS_MM, "thickness of --onlay-mm", unit=" mm")
    number_in(overlap_mm, *ONLAY_OVERLAP_MM, "overlap of --onlay-mm", unit=" mm")


def thickened(under: Mesh, loop: np.ndarray, thickness_mm: float) -> Mesh:
    """Return the closed mesh between a surface and its copy moved outward.

    Args:
        under: The lower surface; its faces point outward.
        loop: Its border, counter-clockwise seen from outside.
        thickness_mm: How far along the normals the copy is.
    """
    count = len(under.vertices)
    following = np.roll(loop, -1)
    walls = [[loop, following, following + count], [loop, following + count, loop + count]]
    faces = [under.faces[:, ::-1], under.faces + count, *(np.stack(wall, axis=1) for wall in walls)]
    vertices = np.concatenate([under.vertices, under.vertices + thickness_mm * under.vertex_normals])
    return Mesh(vertices, np.concatenate(faces))


def _top(field: np.ndarray) -> np.ndarray:
    """Return where each column meets the surface from above, in voxels, NaN where it does not, shape (I, J)."""
    inside = field < 0
    layers = inside.shape[2]
    first = layers - 1 - inside[..., ::-1].argmax(axis=2)
    above = np.minimum(first + 1, layers - 1)
    here, beyond = (np.take_along_axis(field, layer[..., None], axis=2)[..., 0] for layer in (first, above))
    part = np.clip(here / np.where(here == beyond, 1, here - beyond), 0, 1)
    return np.where(inside.any(axis=2), first + part, np.nan)


def _region(top: np.ndarray, piece: Volume, overlap_mm: float) -> np.ndarray:
    """Return a field of columns in mm that is negative where the sheet is, in one part without holes, shape (I, J).

    Args:
        top: Height of bone and implant.
        piece: Field of the implant.
        overlap_mm: How far from the implant's outer surface the sheet reaches, measured in space.
    """
    step = float(piece.spacing[0])
    found = np.isfinite(top)
    height = _filled(top)
    layer = np.clip(np.rint(height), 0, piece.shape[2] - 1).astype(int)
    below = np.take_along_axis(piece.voxels, np.maximum(layer - 1, 0)[..., None], axis=2)[..., 0]
    covered = found & (below < 0)
    if not covered.any():
        return np.full(top.shape, np.float64(FAR_MM))
    columns = np.concatenate([np.indices(top.shape), height[None]]).reshape(3, -1).T * step
    apart = point_tree(columns[covered.ravel()]).query(columns)[0].reshape(top.shape) - overlap_mm - step / 2
    slope = np.gradient(ndimage.gaussian_filter(height, _SMOOTH_MM / step))
    barred = ~found | (1 / np.sqrt(1 + slope[0] ** 2 + slope[1] ** 2) < _STEEPEST)
    barred = ndimage.binary_opening(barred)  # single columns are bridged
    clear = step * (0.5 - ndimage.distance_transform_edt(~barred)) if barred.any() else np.full(top.shape, -FAR_MM)
    inside = ndimage.gaussian_filter(np.maximum(apart, clear), _SMOOTH_MM / step)
    inside[[0, -1]], inside[:, [0, -1]] = step, step
    labels, _ = ndimage.label(inside < 0)
    counts = np.bincount(labels[covered & (inside < 0)], minlength=2)
    whole = ndimage.binary_fill_holes(labels == counts[1:].argmax() + 1)
    return np.where(whole, np.minimum(inside, -1e-3), np.abs(inside))


def _resting(top: np.ndarray) -> np.ndarray:
    """Return the height of a smooth surface that lies on the columns without cutting into them, in voxels."""
    top = _filled(top)
    height = ndimage.gaussian_filter(top, _SMOOTH_MM / _STEP_MM)
    for _ in range(_LIFTS):
        short = np.maximum(top - height, 0)
        if short.max() < _TOUCHING_MM:
            break
        height += ndimage.gaussian_filter(ndimage.maximum_filter(short, 3), _SMOOTH_MM / 2 / _STEP_MM)
    return height


def _filled(top: np.ndarray) -> np.ndarray:
    """Return heights with those of the nearest column where there is none."""
    nearest = ndimage.distance_transform_edt(np.isnan(top), return_distances=False, return_indices=True)
    filled: np.ndarray = top[tuple(nearest)]
    return filled


def _sampled(field: Volume, surface: Mesh) -> np.ndarray:
    """Return a field at the vertices and in the middle of the faces and edges of a surface, shape (N,)."""
    corners = surface.vertices[surface.faces]
    middles = (corners + np.roll(corners, 1, axis=1)) / 2
    return _at(field, np.concatenate([surface.vertices, corners.mean(axis=1), middles.reshape(-1, 3)]))


def _at(field: Volume, points: np.ndarray) -> np.ndarray:
    """Return a field at RAS points, shape (N,)."""
    return ndimage.map_coordinates(field.voxels, field.to_indices(points).T, order=1, cval=FAR_MM, prefilter=False)
