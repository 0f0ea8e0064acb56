"""Synthetic defects on complete skulls: the kinds of SkullBreak and SkullFix, and clinical hard cases.

A defect is described in millimetres along the head's own directions, for heads are nodded in the scanner by up to 30°.
It is evaluated only at the bone around it, so that one seed gives the same defect on a coarse and on a fine grid of a
skull, in any orientation.
"""

from __future__ import annotations

import zlib

import numpy as np

from CraNeXtLib.anatomy.head.landmarks import SkullFrame, skull_frame
from CraNeXtLib.anatomy.head.pose import upright_frame
from CraNeXtLib.anatomy.head.radial_view import extreme_radii
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.datasets.synthetic_defects.kinds import KINDS
from CraNeXtLib.datasets.synthetic_defects.shapes import DefectShape, draw_shape
from CraNeXtLib.geometry.box import Box, box_around
from CraNeXtLib.geometry.volume import Volume

MINIMUM_ML = 2.0
ATTEMPTS = 20
BIN_MM = 4.0  # of the map that tells outer from inner table
REACH_MM = 20.0  # bone deeper below the outer surface is no vault


"""The kinds by name.

The five SkullBreak kinds are known by name only; place and size of the first three are our choice. ``random-1`` and
``random-2`` are two draws of one distribution, with the radii and number of spheres of the AutoImplant 2020 generator
that SkullBreak's random kinds came from. ``skullfix`` imitates the 86 implants measured: a box, upright in the head, at
the top back, with round columns at its front corners. The last three are the hard cases of the paper's Table 7.

Median and 5th to 95th percentile of 200 defects a kind on 86 SkullFix skulls at about 2 mm, by
``Testing/benchmarks/defects.py`` (the real SkullFix implants have 46 ± 11 mL, SkullBreak's by the paper's Table 1
43 ± 24 mL on average over its kinds):

================= ============== ==============
kind              area in cm²    volume in mL
================= ============== ==============
bilateral         72 (41-107)    51 (24-87)
fronto-orbital    53 (31-83)     39 (21-63)
parieto-temporal  68 (39-103)    43 (23-73)
random-1          30 (11-63)     20 (8-47)
random-2          30 (10-57)     21 (6-42)
skullfix          65 (53-79)     48 (34-62)
sloped-edge       58 (35-88)     38 (19-60)
non-break-through 39 (21-60)     17 (8-32)
bone-residue      45 (25-71)     30 (15-54)
================= ============== ==============
"""


def make_defect(
    skull: Volume, kind: str, *, seed: int | np.random.Generator, frame: SkullFrame | None = None
) -> Volume:
    """Cut a synthetic defect into a complete skull.

    Args:
        skull: Mask of a complete skull, shape (I, J, K).
        kind: A name in ``KINDS``.
        seed: The same seed gives the same defect.
        frame: The skull's landmarks as ``upright_frame`` gives them, to save the two seconds that it takes.

    Returns:
        The implant, bool, of the skull's geometry; the defective skull is ``skull & ~implant``.

    Raises:
        InputError: If the kind is unknown or the skull has no bone where the defect should be.
    """
    if kind not in KINDS:
        raise InputError(f"There is no defect kind '{kind}'; choose from {', '.join(KINDS)}.")
    if not isinstance(seed, np.random.Generator):
        seed = [seed, zlib.crc32(kind.encode())]  # two kinds with one seed share nothing
    rng = np.random.default_rng(seed)
    if kind == "skullfix":
        frame = skull_frame(skull)  # the challenge's boxes lie along the scanner's directions
    frame = frame or upright_frame(skull)
    for _ in range(ATTEMPTS):
        implant = cut_implant(skull, draw_shape(kind, frame, rng), frame)
        if np.count_nonzero(implant.voxels) * skull.voxel_volume_mm3 >= 1000 * MINIMUM_ML:
            return implant
    raise InputError(f"No '{kind}' defect of {MINIMUM_ML:g} mL fits this skull; is its vault complete and upright?")


def cut_implant(skull: Volume, shape: DefectShape, frame: SkullFrame) -> Volume:
    """Return the bone of a skull inside a shape along the frame's directions, bool, of the skull's geometry."""
    implant = np.zeros_like(skull.voxels, dtype=bool)
    turn = np.eye(4)
    turn[:3, :3] = frame.rotation
    turned = Volume(skull.voxels, turn @ skull.affine)
    box = _box_around(turned, shape)
    part = turned.crop(box)
    order = "F" if skull.voxels.flags.f_contiguous else "C"  # reading along memory is several times faster
    places = np.flatnonzero(part.voxels.ravel(order))
    indices = np.column_stack(np.unravel_index(places, part.shape, order=order)).astype(np.float32)
    points = indices @ part.affine[:3, :3].astype(np.float32).T + (part.affine[:3, 3] - shape.centre).astype(np.float32)
    near = np.einsum("ij,ij->i", points, points) < shape.radius**2
    places, points = places[near], points[near]
    if len(places):
        depth, below = _depth_in_bone(points, shape.centre - frame.center)
        inside = (shape.field(points, depth) < 0) & (below < REACH_MM)
        places, points = places[inside], points[inside]
        if shape.lowest >= frame.base:
            offset = (shape.centre - frame.center).astype(np.float32)
            places = places[frame.depth(points + offset) < REACH_MM]
        implant[box][np.unravel_index(places, part.shape, order=order)] = True
    return skull.with_voxels(implant)


def _depth_in_bone(points: np.ndarray, centre: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Tell how deep in the vault's bone each point lies.

    A map of the directions seen from the vault's centre (stereographic about the defect) keeps the outermost and the
    innermost bone.

    Args:
        points: Bone in mm, relative to the defect's centre, shape (N, 3).
        centre: The defect's centre relative to the vault's, shape (3,).

    Returns:
        Depth from 0 at the inner to 1 at the outer table, and mm below the outer surface, each of shape (N,).
    """
    from scipy.ndimage import map_coordinates

    reach = float(np.linalg.norm(centre))
    axes = np.linalg.qr(np.column_stack([centre, np.eye(3)]))[0]
    axes[:, 0] = centre / reach
    rays = (points + centre.astype(np.float32)) @ axes.astype(np.float32)
    radius = np.linalg.norm(rays, axis=1)
    places = rays[:, 1:] * (2 * reach / BIN_MM / np.maximum(radius + rays[:, 0], 1e-3))[:, None]
    places = np.clip(places, -80, 80)
    places -= places.min(axis=0) - 2
    bins = np.rint(places).astype(np.intp)
    shape = bins.max(axis=0) + 3
    flat = bins[:, 0] * shape[1] + bins[:, 1]

    outer = _smooth_map(flat, radius, shape, np.maximum)
    below = map_coordinates(outer, places.T, order=1) - radius
    vault = below < REACH_MM
    inner = _smooth_map(flat[vault], radius[vault], shape, np.minimum)
    height = radius - map_coordinates(inner, places.T, order=1)
    depth = np.clip(height / np.maximum(height + below, 1.0), 0, 1)
    return depth.astype(np.float32), below


def _smooth_map(flat: np.ndarray, values: np.ndarray, shape: np.ndarray, extreme: np.ufunc) -> np.ndarray:
    """Return a smoothed map of the extreme value of each bin; bins without values are filled from beside them."""
    from scipy.ndimage import gaussian_filter

    rows, columns = shape.tolist()
    grid = extreme_radii(flat, values, (rows, columns), extreme)
    known = np.isfinite(grid)
    weight = gaussian_filter(known.astype(np.float32), 1.0)
    return gaussian_filter(np.where(known, grid, 0), 1.0) / np.maximum(weight, 1e-6)


def _box_around(skull: Volume, shape: DefectShape) -> Box:
    """Return the array slices that hold every voxel within the shape's radius."""
    middle = skull.to_indices(shape.centre[None])[0]
    reach = shape.radius * np.linalg.norm(np.linalg.inv(skull.affine[:3, :3]), axis=1)
    return box_around(np.stack([middle - reach, middle + reach]), skull.shape)
