"""Where what is too much flows: the overflow channel around the seam, the sprue, and the vents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.implant.mold.columns import Columns, PlaneGrid
from CraNeXtLib.implant.mold.settings import MoldSettings

if TYPE_CHECKING:
    from manifold3d import Manifold

RUNNERS = 4
"""Number of channels from the one around the seam to the outside."""

_FLANK = 0.25  # width of a channel's sloping flank, by that of the channel
_DRAFT = np.tan(np.deg2rad(1.0))
_SMOOTHING = 0.7  # standard deviation in places of the grid: without it, flanks are stairs
_LEAST_MM = 0.05
_SEGMENTS = 48  # corners of a circle


def overflow_depths(distance_mm: np.ndarray, grid: PlaneGrid, settings: MoldSettings) -> np.ndarray:
    """Return how deep the overflow channel and its runners are at each place, in mm, shape (I, J).

    Args:
        distance_mm: Distance of each place from the part's silhouette, shape (I, J).
        grid: The places.
        settings: Width of seam and channel.
    """
    width = settings.channel_mm
    if width == 0:
        return np.zeros(grid.shape)
    middle = settings.land_mm + width / 2
    beside = np.abs(distance_mm - middle)
    offset = grid.places - (grid.corner + grid.far_corner) / 2
    for angle in np.arange(RUNNERS) * 2 * np.pi / RUNNERS + np.pi / RUNNERS:
        along, across = offset @ [np.cos(angle), np.sin(angle)], offset @ [-np.sin(angle), np.cos(angle)]
        runner = np.where((along > 0) & (distance_mm >= middle), np.abs(across), np.inf)
        beside = np.minimum(beside, runner)
    depths = settings.channel_depth_mm * np.clip((width / 2 - beside) / (_FLANK * width), 0, 1)
    smooth: np.ndarray = ndimage.gaussian_filter(depths, _SMOOTHING)
    beyond_seam = distance_mm >= settings.land_mm + grid.reach_mm
    return np.where((smooth > _LEAST_MM) & beyond_seam, smooth, 0.0)


def highest_places(columns: Columns, inner_mm: np.ndarray, grid: PlaneGrid, settings: MoldSettings) -> np.ndarray:
    """Return where the sprue and then the vents meet the part, in the order of height, shape (N, 3).

    Each is the highest place that lies apart from those before it, by a quarter of the part's longer side for sprue and
    vents alike, and whose whole mouth is on the part. There may be fewer vents than asked for.

    Args:
        columns: The part along the lines of the grid.
        inner_mm: Distance of each place on the part from its silhouette and from holes, shape (I, J).
        grid: The places.
        settings: Diameters, and the number of vents.

    Raises:
        InputError: If the part is too narrow for the sprue.
    """
    found: list[np.ndarray] = []
    heights = np.where(columns.inside, columns.highest, -np.inf)
    apart = 0.25 * float((np.ptp(np.argwhere(columns.inside), axis=0) * grid.step_mm).max())
    far = np.ones(grid.shape, bool)
    for diameter in (settings.sprue_mm, *[settings.vent_mm] * int(settings.vents)):
        possible = np.where(far & (inner_mm >= diameter / 2 + grid.step_mm), heights, -np.inf)
        best = np.unravel_index(possible.argmax(), grid.shape)
        if not np.isfinite(possible[best]):
            break
        place = grid.places[best]
        found.append(np.array([*place, heights[best]]))
        far &= np.linalg.norm(grid.places - place, axis=-1) >= apart
    if not found or not np.isfinite(found[0][2]):
        raise InputError(f"The part has no place for a sprue of {settings.sprue_mm:g} mm; choose a smaller --sprue-mm.")
    return np.array(found)


def shaft(mouth: np.ndarray, bottom: float, top: float, diameter_mm: float) -> Manifold:
    """Return a sprue or a vent: above its mouth it narrows a little, so that a half slides off what is in it.

    Args:
        mouth: The middle of its mouth, shape (3,).
        bottom: Where it begins, below all of the mouth, since the part may slope.
        top: Where it ends, at the outside of the mold.
        diameter_mm: Diameter at its mouth.
    """
    from manifold3d import Manifold

    x, y, z = mouth.tolist()
    radius, height = diameter_mm / 2, top - z
    narrow = max(radius - height * _DRAFT, 0.5 * radius)
    foot = Manifold.cylinder(z - bottom, radius, radius, _SEGMENTS).translate([x, y, bottom])
    return foot + Manifold.cylinder(height, radius, narrow, _SEGMENTS).translate([x, y, z])
