"""Halves that are larger than what can be printed, split by upright planes into pieces with keys between them."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.solids import mesh_of, union
from CraNeXtLib.implant.mold.columns import PlaneGrid, columns_of
from CraNeXtLib.implant.mold.mold_check import is_printable
from CraNeXtLib.implant.mold.settings import MoldSettings
from CraNeXtLib.implant.mold.solids import printable

if TYPE_CHECKING:
    from manifold3d import Manifold

MOST_PIECES = 16

_SECTION_MM = 1.0  # resolution at which a place for a key is looked for in a cut
_TAPER = 0.8
_SEGMENTS = 48


def pieces_of(half: Manifold, settings: MoldSettings) -> tuple[list[Manifold], int]:
    """Return the pieces of a half that can be printed, the half itself if it can, and the number of cuts without a key.

    A piece may be turned in the printer by right angles. Each cut has one key where the section is thickest, with its
    socket in the other piece, if there is room for both and a wall around them.

    Args:
        half: The half, in the frame of the mold.
        settings: Build volume, and size and clearance of keys.

    Raises:
        InputError: If the half is too high, would be split into more than ``MOST_PIECES``, or a piece is not one body.
    """
    if settings.build_mm is None:
        return [half], 0
    low, high = np.array(half.bounding_box()).reshape(2, 3)
    counts = _counts(high - low, settings)
    pieces, unkeyed = [half], 0
    for axis, count in enumerate(counts):
        for plane in np.linspace(low[axis], high[axis], count + 1)[1:-1].tolist():
            splits = [_split(piece, axis, plane, settings) for piece in pieces]
            pieces = [part for parts, _ in splits for part in parts]
            unkeyed += sum(len(parts) > 1 and not keyed for parts, keyed in splits)
    pieces = [printable(piece) for piece in pieces]
    if not all(is_printable(mesh_of(piece)) for piece in pieces):
        raise InputError("A half of the mold falls into more pieces where it is split; give a larger --build-mm.")
    return pieces, unkeyed


def key_warnings(unkeyed: Mapping[str, int]) -> list[str]:
    """Return a sentence on each half that has cuts without a key.

    Args:
        unkeyed: The number of such cuts, from :func:`pieces_of`, by the name of the half.
    """
    return [
        f"There is no room for a key at {count} {'cut' if count == 1 else 'cuts'} of the {side} half, whose pieces "
        "meet there on flat faces: align them by hand, or give a larger --build-mm, smaller --key-mm or less --wall-mm."
        for side, count in unkeyed.items()
        if count
    ]


def _counts(size: np.ndarray, settings: MoldSettings) -> tuple[int, int]:
    """Return into how many pieces to split a half along its first two axes: as few as possible."""
    build = sorted(settings.build_mm or ())
    for across, along in sorted(
        product(range(1, MOST_PIECES + 1), repeat=2), key=lambda pair: (pair[0] * pair[1], pair)
    ):
        if across * along > MOST_PIECES:
            break
        # A key of a cut reaches beyond its piece.
        keys = settings.key_height_mm * np.array([across > 1, along > 1, False])
        if (np.sort(size / [across, along, 1] + keys) <= build).all():
            return across, along
    sizes = " x ".join(f"{side:.0f}" for side in size)
    raise InputError(
        f"A half of the mold is {sizes} mm large and cannot be split into at most {MOST_PIECES} pieces that fit into "
        f"the build volume of {' x '.join(f'{side:g}' for side in settings.build_mm or ())} mm; give a larger "
        "--build-mm, or less --wall-mm."
    )


def _split(piece: Manifold, axis: int, plane: float, settings: MoldSettings) -> tuple[list[Manifold], bool]:
    """Return what lies before and behind a plane across an axis, the piece if it misses it, and whether there is a key.

    The key is on the first.
    """
    normal = np.zeros(3)
    normal[axis] = 1.0
    behind, before = piece.split_by_plane(normal, plane)
    if before.is_empty() or behind.is_empty():
        return [piece], False
    place = _key_place(piece, axis, plane, settings)
    if place is None:
        return [before, behind], False
    keyed = [
        before + _key(place, axis, settings, 0.0),
        behind - _key(place, axis, settings, settings.key_clearance_mm),
    ]
    return keyed, True


def _key_place(piece: Manifold, axis: int, plane: float, settings: MoldSettings) -> np.ndarray | None:
    """Return the place of a key in the section with a plane, shape (3,); None if there is no room for one."""
    # Lines across the cut see how much of the piece lies just before and behind it.
    reach = settings.key_height_mm + settings.key_clearance_mm + settings.wall_mm
    order = [(axis + 1) % 3, (axis + 2) % 3, axis]
    normal = np.zeros(3)
    normal[axis] = 1.0
    cut = mesh_of(piece.trim_by_plane(normal, plane - reach).trim_by_plane(-normal, -plane - reach))
    slab = Mesh(cut.vertices[:, order], cut.faces)
    grid = PlaneGrid.around(slab.vertices[:, :2].min(axis=0), slab.vertices[:, :2].max(axis=0), _SECTION_MM)
    columns = columns_of(slab, grid)
    thick = np.nan_to_num(columns.highest - columns.lowest) - columns.trapped_mm
    solid = columns.inside & (thick >= 2 * reach - 1e-3)
    room = ndimage.distance_transform_edt(np.pad(solid, 1))[1:-1, 1:-1] * _SECTION_MM
    best = np.unravel_index(room.argmax(), room.shape)
    if room[best] < settings.key_mm / 2 + settings.key_clearance_mm + settings.wall_mm:
        return None
    place = np.empty(3)
    place[order] = [*grid.places[best], plane]
    return place


def _key(place: np.ndarray, axis: int, settings: MoldSettings, larger_mm: float) -> Manifold:
    """Return a key that rises from a plane along an axis, on a root behind the plane."""
    from manifold3d import Manifold

    radius, height = settings.key_mm / 2 + larger_mm, settings.key_height_mm + larger_mm
    root = Manifold.cylinder(1.0, radius, radius, _SEGMENTS).translate([0, 0, -1.0])
    cone = union([root, Manifold.cylinder(height, radius, _TAPER * radius, _SEGMENTS)])
    turned = cone.rotate([0, 90, 0]) if axis == 0 else cone.rotate([-90, 0, 0])
    return turned.translate(place.tolist())
