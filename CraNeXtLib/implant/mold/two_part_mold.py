"""A mold of two keyed halves around a part.

No half holds anything that the part, or the other half, would meet when they are lifted apart: the lower one is what
lies below the part or below the parting surface, but nothing above the part, and the upper one likewise. Where the part
is not undercut, what the two leave free is the part, with its own triangles.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.progress import ProgressCallback
from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.solids import union
from CraNeXtLib.implant.mold.channels import highest_places, overflow_depths, shaft
from CraNeXtLib.implant.mold.columns import PlaneGrid, beside_mm, columns_of
from CraNeXtLib.implant.mold.keys import LARGER, Key, keys_at
from CraNeXtLib.implant.mold.mold_frame import MoldFrame
from CraNeXtLib.implant.mold.parting_surface import above, below, parting_heights
from CraNeXtLib.implant.mold.settings import MoldSettings
from CraNeXtLib.implant.mold.solids import printable, solid_of
from CraNeXtLib.implant.mold.undercut import Undercut, undercut_of

if TYPE_CHECKING:
    from manifold3d import Manifold

GRID_MM = 0.8
"""Distance between the places at which the parting surface has a height."""


@dataclass(frozen=True, eq=False)
class TwoPartMold:
    """A mold in its frame, in which it opens along the third axis.

    Attributes:
        frame: The frame.
        undercut: The part, scaled for shrinkage, and its undercuts.
        lower: The half below the part when the material is poured.
        upper: The half above it, with sprue and vents.
        sprue: The sprue, from the outside through the part.
        vents: The vents.
        keys: The keys, on the lower half.
        between: What the halves leave free between them outside the part and the sprue: overflow channels, the gap of
            the press margin, and the room around the keys.
        block: Both halves together with all that is between them.
        size_mm: Width, depth and height of both together.
        overflow_mm3: Volume of the overflow channels.
    """

    frame: MoldFrame
    undercut: Undercut
    lower: Manifold
    upper: Manifold
    sprue: Manifold
    vents: tuple[Manifold, ...]
    keys: tuple[Key, ...]
    between: Manifold
    block: Manifold
    size_mm: tuple[float, float, float]
    overflow_mm3: float


def scaled_about_center(mesh: Mesh, factor: float) -> Mesh:
    """Return a mesh scaled about the center of its bounding box."""
    center = (mesh.vertices.min(axis=0) + mesh.vertices.max(axis=0)) / 2
    return Mesh(center + factor * (mesh.vertices - center), mesh.faces)


def make_mold(
    mesh: Mesh, up: np.ndarray, settings: MoldSettings, progress: ProgressCallback | None = None
) -> TwoPartMold:
    """Return the mold of a part.

    Args:
        mesh: Surface of the part, already scaled for shrinkage, RAS mm.
        up: RAS direction in which the upper half is lifted off, shape (3,).
        settings: How the mold is made.
        progress: Called with what is done and the fraction of the work.

    Raises:
        InputError: If the part is undercut deeper than the settings allow, or there is no room for sprue or keys.
    """
    tell = progress or (lambda _stage, _fraction: None)
    frame = MoldFrame.along(up, mesh.vertices)
    part = frame.from_ras(mesh)
    tell("Laying out the mold", 0.0)
    layout = _layout(part, settings)
    bottom, top = layout.bottom, layout.top
    tell("Looking for undercuts", 0.1)
    undercut = undercut_of(part, bottom, top)
    check_undercut(undercut, frame, settings)
    tell("Cutting the halves", 0.4)
    body = below(layout.lower_heights, layout.grid, bottom)
    cover = above(layout.upper_heights, layout.grid, top)
    sprue, *vents = (
        shaft(place, bottom, top + 1, settings.vent_mm if number else settings.sprue_mm) ^ undercut.above
        for number, place in enumerate(layout.mouths)
    )
    bosses = union(key.boss(bottom) for key in layout.keys)
    sockets = union(key.socket(bottom, settings.key_clearance_mm) for key in layout.keys)
    lower = ((body + undercut.below) - undercut.above) + bosses
    tell("Cutting the halves", 0.7)
    upper = ((cover + undercut.above) - undercut.below) - union([sprue, *vents, sockets])
    size = np.array([*(layout.grid.far_corner - layout.grid.corner), top - bottom])
    block = _box(layout.grid, bottom, top)
    gap = (block - cover - body) - undercut.above - undercut.below  # small at once, so the rest is quick
    between = (gap - bosses) + (sockets - lower)
    width, depth, height = np.round(size, 2).tolist()
    return TwoPartMold(
        frame,
        undercut,
        printable(lower),
        printable(upper),
        sprue,
        tuple(vents),
        tuple(layout.keys),
        between,
        block,
        (width, depth, height),
        float(layout.channel_depths.sum()) * layout.grid.step_mm**2,
    )


def check_undercut(undercut: Undercut, frame: MoldFrame, settings: MoldSettings) -> None:
    """Refuse a part that is undercut deeper than the settings allow.

    Raises:
        InputError: If it is, with depth and place.
    """
    if undercut.place is not None and undercut.depth_mm > settings.undercut_mm:
        place = ", ".join(f"{value:.1f}" for value in frame.axes @ undercut.place)
        way = ", ".join(f"{value:.3f}" for value in frame.up)
        raise InputError(
            f"No mold of two halves opens along RAS {way}: the part is undercut by {undercut.depth_mm:.2f} mm at RAS "
            f"{place}, and {settings.undercut_mm:g} mm may be filled; give another --opening, fill more with "
            "--undercut-mm (up to 1), or change the part there."
        )


@dataclass(frozen=True, eq=False)
class _Layout:
    """Where everything is, in the frame of the mold.

    Attributes:
        grid: Places across the mold.
        lower_heights: Upper side of the lower half where there is no part, shape (I, J).
        upper_heights: Lower side of the upper half, likewise.
        channel_depths: Depth of the overflow channels in the lower half, shape (I, J).
        mouths: Where the sprue and the vents meet the part, shape (N, 3).
        keys: The keys.
        bottom: Underside of the mold.
        top: Its upper side.
    """

    grid: PlaneGrid
    lower_heights: np.ndarray
    upper_heights: np.ndarray
    channel_depths: np.ndarray
    mouths: np.ndarray
    keys: list[Key]
    bottom: float
    top: float


def _layout(part: Mesh, settings: MoldSettings) -> _Layout:
    flat = part.vertices[:, :2]
    low, high = flat.min(axis=0), flat.max(axis=0)
    seam = settings.land_mm + settings.channel_mm
    # Between two places of the grid, the channel is still a little deep and the halves a little apart.
    least = seam + settings.wall_mm + GRID_MM
    most = max(seam, settings.wall_mm) + settings.wall_mm + LARGER * settings.key_mm + 3 * settings.key_clearance_mm
    solid = solid_of(part, "the part")
    for margin in (least, least + settings.key_mm / 2, least + settings.key_mm, max(least, most) + 2 * GRID_MM):
        grid = PlaneGrid.around(low - margin, high + margin, GRID_MM)
        columns = columns_of(part, grid)
        heights = parting_heights(columns)
        distance = beside_mm(solid, columns, grid)
        depths = overflow_depths(distance, grid, settings)
        keys = keys_at(_free_mm(distance, depths, grid, settings), heights, grid.places, settings)
        if len(keys) == settings.keys:
            break
    else:
        raise InputError(
            f"There is room for {len(keys)} keys of {settings.key_mm:g} mm only; choose fewer --keys or a smaller "
            "--key-mm."
        )
    apart = settings.press_margin_mm * np.clip((distance - settings.land_mm - grid.reach_mm) / GRID_MM, 0, 1)
    mouths = highest_places(columns, _distance_mm(columns.inside, grid), grid, settings)
    tips = [key.place[2] + key.height_mm + settings.key_clearance_mm for key in keys]
    top = max(part.vertices[:, 2].max(), (heights + apart).max(), *tips) + settings.wall_mm
    bottom = min(part.vertices[:, 2].min(), (heights - depths).min()) - settings.wall_mm
    return _Layout(grid, heights - depths, heights + apart, depths, mouths, keys, float(bottom), float(top))


def _distance_mm(mask: np.ndarray, grid: PlaneGrid) -> np.ndarray:
    """Return how far each place of a mask is from the places outside it."""
    distance: np.ndarray = ndimage.distance_transform_edt(mask) * grid.step_mm
    return distance


def _free_mm(distance_mm: np.ndarray, depths: np.ndarray, grid: PlaneGrid, settings: MoldSettings) -> np.ndarray:
    """Return how far a place is from the seam, the channels and the walls inside and outside, shape (I, J)."""
    seam = distance_mm - max(settings.land_mm + settings.channel_mm, settings.wall_mm)
    channels = _distance_mm(depths == 0, grid)
    places = grid.places
    border = np.minimum(places - grid.corner, grid.far_corner - places).min(axis=-1)
    return np.minimum(np.minimum(seam, channels), border - settings.wall_mm)


def _box(grid: PlaneGrid, bottom: float, top: float) -> Manifold:
    from manifold3d import Manifold

    size = [*(grid.far_corner - grid.corner), top - bottom]
    return Manifold.cube(size).translate([*grid.corner, bottom])
