"""Volumes of one lattice: the same voxel centers, with other extents, axes or directions. Nothing is resampled here."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.box import Box, box_from, enclosing_box, foreground_box
from CraNeXtLib.geometry.volume import Volume

TOLERANCE_MM = 0.01
"""Voxel centers of one lattice lie no farther apart; headers in single precision differ by less."""

_OPPOSITES = dict(zip("RLAPSI", "LRPAIS", strict=True))


def whole_box(volume: Volume) -> Box:
    """Return the box of all voxels of a volume."""
    return box_from((0, 0, 0), volume.shape)


def on_box(volume: Volume, box: Box, *, fill: float = 0) -> Volume:
    """Return the voxels of a lattice in a box that may reach beyond the volume.

    Args:
        volume: The volume.
        box: In the volume's indices; starts may be negative.
        fill: Value of the voxels that the volume does not have.

    >>> volume = Volume(np.ones((2, 1, 1), dtype=bool), np.eye(4))
    >>> part = on_box(volume, box_from((1, -1, 0), (3, 1, 1)))
    >>> part.voxels.astype(int).tolist(), part.affine[:3, 3].tolist()
    ([[[0], [1]], [[0], [0]]], [1.0, -1.0, 0.0])
    """
    if box == whole_box(volume):
        return volume
    starts = np.array([side.start for side in box])
    shape = [side.stop - side.start for side in box]
    voxels = np.full(shape, fill, volume.voxels.dtype, order=volume.order)
    here, there = [], []
    for side, size in zip(box, volume.shape, strict=True):
        first, last = max(side.start, 0), max(min(side.stop, size), max(side.start, 0))
        here.append(slice(first - side.start, last - side.start))
        there.append(slice(first, last))
    voxels[tuple(here)] = volume.voxels[tuple(there)]
    affine = volume.affine.copy()
    affine[:3, 3] = volume.to_ras(starts[None])[0]
    return Volume(voxels, affine)


def box_on_lattice(volume: Volume, grid: Volume) -> tuple[Volume, Box] | None:
    """Return a volume with its array axes ordered and directed as those of a grid, and its box in the grid's indices.

    Args:
        volume: Any volume.
        grid: A volume whose voxels give the lattice.

    Returns:
        None if the voxel centers of the two do not coincide within ``TOLERANCE_MM``.
    """
    turns = np.rint(np.linalg.solve(grid.affine[:3, :3], volume.affine[:3, :3]))
    if (np.abs(turns).sum(axis=0) != 1).any() or (np.abs(turns).sum(axis=1) != 1).any():
        return None
    corners = np.rint(grid.to_indices(volume.corners))
    if np.abs(grid.to_ras(corners) - volume.corners).max() > TOLERANCE_MM:
        return None
    order, signs = np.abs(turns).argmax(axis=1), turns.sum(axis=1).astype(int)
    voxels = volume.voxels.transpose(order)[tuple(slice(None, None, sign) for sign in signs)]
    starts = corners.min(axis=0).astype(int)
    affine = grid.affine.copy()
    affine[:3, 3] = grid.to_ras(starts[None])[0]
    return Volume(voxels, affine), box_from(starts, starts + voxels.shape)


def directed(volume: Volume, codes: str) -> Volume:
    """Return the same voxels with array axes that point, as nearly as the lattice allows, as named.

    Args:
        volume: The volume.
        codes: Three letters, one of each pair R/L, A/P, S/I, such as ``"LPS"``.

    >>> volume = Volume(np.arange(3).reshape(1, 3, 1), np.diag([1.0, 2.0, 1.0, 1.0]))
    >>> turned = directed(volume, "PRS")
    >>> turned.axis_codes, turned.voxels[:, 0, 0].tolist(), turned.affine[:3, 3].tolist()
    ('PRS', [2, 1, 0], [0.0, 4.0, 0.0])
    """
    steps = dict(zip(volume.axis_codes, volume.affine[:3, :3].T, strict=True))
    steps |= {_OPPOSITES[code]: -step for code, step in steps.items()}
    affine = volume.affine.copy()
    affine[:3, :3] = np.stack([steps[code] for code in codes], axis=1)
    found = box_on_lattice(volume, Volume(volume.voxels, affine))
    assert found is not None, "the lattice is the same"
    return found[0]


def on_one_grid(grid: Volume, *masks: Volume) -> tuple[Volume, ...]:
    """Return masks of one lattice on the grid of the first, grown as far as the others' foreground reaches beyond it.

    Args:
        grid: The volume whose grid is wanted.
        masks: Masks on the same lattice, whatever their extents and the order and directions of their axes; not zero
            inside.

    Returns:
        All volumes, the first one too, in one geometry; unchanged if they share it already.

    Raises:
        InputError: If a mask is not on the lattice.
    """
    if all(grid.has_geometry_of(mask) for mask in masks):
        return (grid, *masks)
    boxes, placed = [whole_box(grid)], []
    for mask in masks:
        found = box_on_lattice(mask, grid)
        if found is None:
            raise InputError(
                "The volumes differ in spacing, directions or origin; resample them onto one grid before measuring."
            )
        part, box = found
        placed.append(found)
        inside = part.voxels != 0
        if inside.any():
            boxes.append(moved(foreground_box(inside), [side.start for side in box]))
    whole = enclosing_box(boxes)
    parts = [on_box(part, moved(whole, [-side.start for side in box])) for part, box in placed]
    first = on_box(grid, whole)
    return (first, *(first.with_voxels(part.voxels) for part in parts))


def moved(box: Box, offset: Sequence[int] | np.ndarray) -> Box:
    """Return a box after a shift by so many voxels along each axis.

    >>> moved(box_from((0, 1, 2), (5, 6, 7)), [1, 0, -2])
    (slice(1, 6, None), slice(1, 6, None), slice(0, 5, None))
    """
    starts, stops = ([getattr(side, end) for side in box] for end in ("start", "stop"))
    return box_from(np.add(starts, offset), np.add(stops, offset))
