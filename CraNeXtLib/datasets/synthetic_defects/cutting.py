"""Cut synthetic defects into complete skulls: the kinds of SkullBreak and SkullFix, and clinical hard cases.

A defect is described in millimeters along the head's own directions, because heads are tilted in the scanner by up to
30°. It is evaluated only at the bone around it, so that a seed gives the same defect on a coarse and a fine grid of the
same skull, in any orientation.
"""

from __future__ import annotations

import zlib

import numpy as np

from CraNeXtLib.anatomy.head.landmarks import SkullFrame, skull_frame
from CraNeXtLib.anatomy.head.pose import upright_frame
from CraNeXtLib.anatomy.head.radial_view import extreme_radii
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.datasets.synthetic_defects.kinds import DEEP_KINDS, KINDS
from CraNeXtLib.datasets.synthetic_defects.shapes import REACH_MM, DefectShape, draw_shape
from CraNeXtLib.geometry.box import Box, box_around
from CraNeXtLib.geometry.volume import Volume

MINIMUM_ML = 2.0
"""Smaller defects are drawn again."""

ATTEMPTS = 20

BIN_MM = 4.0
"""Pixel size of the map that separates the outer from the inner table of the bone."""


def make_defect(
    skull: Volume, kind: str, *, seed: int | np.random.Generator, frame: SkullFrame | None = None
) -> Volume:
    """Cut a synthetic defect into a complete skull.

    Args:
        skull: Mask of a complete skull, shape (I, J, K).
        kind: A name in ``KINDS`` or ``DEEP_KINDS``.
        seed: Random seed or generator; the same seed gives the same defect.
        frame: The skull's landmarks from ``upright_frame``, which takes two seconds to compute.

    Returns:
        The implant, bool, of the skull's geometry; the defective skull is ``skull & ~implant``.

    Raises:
        InputError: If the kind is unknown or the skull has no bone where the defect should be.
    """
    if kind not in KINDS and kind not in DEEP_KINDS:
        raise InputError(f"There is no defect kind '{kind}'; choose one of {', '.join((*KINDS, *DEEP_KINDS))}.")
    if isinstance(seed, np.random.Generator):
        rng = seed
    else:
        rng = np.random.default_rng([seed, zlib.crc32(kind.encode())])  # the kinds share nothing for the same seed
    if kind == "skullfix":
        frame = skull_frame(skull)  # the challenge's boxes lie along the scanner's directions
    frame = frame or upright_frame(skull)
    for _ in range(ATTEMPTS):
        implant = cut_implant(skull, draw_shape(kind, frame, rng), frame)
        if np.count_nonzero(implant.voxels) * skull.voxel_volume_mm3 >= 1000 * MINIMUM_ML:
            return implant
    raise InputError(f"No '{kind}' defect of {MINIMUM_ML:g} mL fits this skull; is its vault complete and upright?")


def cut_implant(skull: Volume, shape: DefectShape, frame: SkullFrame) -> Volume:
    """Return the bone of a skull inside a shape, which lies along the frame's directions, as a bool mask.

    Args:
        skull: Mask of a complete skull.
        shape: The defect.
        frame: The skull's landmarks.
    """
    implant = skull.zeros(bool)
    to_head = np.eye(4)
    to_head[:3, :3] = frame.rotation
    upright = Volume(skull.voxels, to_head @ skull.affine)
    box = _box_around(upright, shape)
    part = upright.crop(box)
    order = skull.order  # Reading along memory is several times faster.
    bone = np.flatnonzero(part.voxels.ravel(order))
    indices = np.column_stack(np.unravel_index(bone, part.shape, order=order)).astype(np.float32)
    points = indices @ part.affine[:3, :3].astype(np.float32).T + (part.affine[:3, 3] - shape.center).astype(np.float32)
    near = np.einsum("ij,ij->i", points, points) < shape.radius**2
    bone, points = bone[near], points[near]
    if len(bone):
        depth, below = _depth_in_bone(points, shape.center - frame.center)
        inside = (shape.field(points, depth) < 0) & (below < shape.reach)
        bone, points = bone[inside], points[inside]
        if shape.lowest >= frame.base:
            offset = (shape.center - frame.center).astype(np.float32)
            bone = bone[frame.depth(points + offset) < shape.reach]
        implant[box][np.unravel_index(bone, part.shape, order=order)] = True
    return skull.with_voxels(implant)


def _depth_in_bone(points: np.ndarray, center: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how deep in the bone of the vault each point lies.

    A stereographic map about the defect, seen from the vault's center, keeps the outermost and the innermost bone.

    Args:
        points: Bone in mm, relative to the defect's center, shape (N, 3).
        center: The defect's center relative to the vault's, shape (3,).

    Returns:
        Depth from 0 at the inner to 1 at the outer table, and mm below the outer surface, both of shape (N,).
    """
    from scipy.ndimage import map_coordinates

    reach = float(np.linalg.norm(center))
    axes = np.linalg.qr(np.column_stack([center, np.eye(3)]))[0]
    axes[:, 0] = center / reach
    rays = (points + center.astype(np.float32)) @ axes.astype(np.float32)
    radius = np.linalg.norm(rays, axis=1)
    pixels = rays[:, 1:] * (2 * reach / BIN_MM / np.maximum(radius + rays[:, 0], 1e-3))[:, None]
    pixels = np.clip(pixels, -80, 80)
    pixels -= pixels.min(axis=0) - 2
    bins = np.rint(pixels).astype(np.intp)
    shape = bins.max(axis=0) + 3
    flat = bins[:, 0] * shape[1] + bins[:, 1]

    outer = _smooth_map(flat, radius, shape, np.maximum)
    below = map_coordinates(outer, pixels.T, order=1) - radius
    vault = below < REACH_MM
    inner = _smooth_map(flat[vault], radius[vault], shape, np.minimum)
    height = radius - map_coordinates(inner, pixels.T, order=1)
    depth = np.clip(height / np.maximum(height + below, 1.0), 0, 1)
    return depth.astype(np.float32), below


def _smooth_map(flat: np.ndarray, values: np.ndarray, shape: np.ndarray, extreme: np.ufunc) -> np.ndarray:
    """Return a smoothed map of the extreme value in each bin; empty bins are filled from their neighbors."""
    from scipy.ndimage import gaussian_filter

    rows, columns = shape.tolist()
    grid = extreme_radii(flat, values, (rows, columns), extreme)
    known = np.isfinite(grid)
    weight = gaussian_filter(known.astype(np.float32), 1.0)
    return gaussian_filter(np.where(known, grid, 0), 1.0) / np.maximum(weight, 1e-6)


def _box_around(skull: Volume, shape: DefectShape) -> Box:
    """Return the array slices that hold every voxel within the shape's radius."""
    middle = skull.to_indices(shape.center[None])[0]
    reach = shape.radius * np.linalg.norm(np.linalg.inv(skull.affine[:3, :3]), axis=1)
    return box_around(np.stack([middle - reach, middle + reach]), skull.shape)
