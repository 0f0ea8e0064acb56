"""The spring form: a mold for the outer side of a part, and the ring of bone around the defect, which forms its rim.

The material is pressed into both from the inner side (PMC8913485). The ring lies on the mold as the bone would; the gap
between bone and part belongs to the ring, so that the cast has the clearance of the part. Mold and ring are lifted
apart, and the cast is pushed out of the ring, along the same direction.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.mesh import Mesh, face_normals
from CraNeXtLib.geometry.solids import mesh_of
from CraNeXtLib.geometry.surface_distance import distances_to
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.mold.columns import Columns, PlaneGrid, columns_of
from CraNeXtLib.implant.mold.mold_check import TOLERANCE_MM, is_printable, overlap_mm3
from CraNeXtLib.implant.mold.mold_frame import MoldFrame
from CraNeXtLib.implant.mold.parting_surface import above, below, parting_heights, spread
from CraNeXtLib.implant.mold.settings import MoldSettings
from CraNeXtLib.implant.mold.solids import printable
from CraNeXtLib.implant.mold.two_part_mold import GRID_MM, check_undercut
from CraNeXtLib.implant.mold.undercut import Undercut, undercut_of

if TYPE_CHECKING:
    from manifold3d import Manifold

_REACH_MM = 15.0  # how far above and below the rim bone belongs to it
_LEAST_RING_MM3 = 1000.0
_BENEATH_MM = 0.5  # bone that reaches this far below the part carries its rim
_FILM_MM3 = 1.0
# Standard deviations in places of the grid: bone is found at some places and not at their neighbors, and what it looks
# like from within matters less than a ring without notches.
_INNER_PLACES, _OUTLINE_PLACES = 2.5, 2.5
_FACING_UP = 0.2  # part of a face's normal along the opening direction


@dataclass(frozen=True, eq=False)
class SpringForm:
    """A spring form in its frame, whose third axis points out of the head.

    Attributes:
        frame: The frame.
        undercut: The part and its undercuts.
        mold: The mold of the outer side.
        ring: The ring.
    """

    frame: MoldFrame
    undercut: Undercut
    mold: Manifold
    ring: Manifold


@dataclass(frozen=True)
class SpringFormCheck:
    """What was found about a spring form.

    Attributes:
        closed: Whether both surfaces are closed and one body each.
        outer_mm: How far the mold lies off the outer side of the part at most.
        overlap_mm3: Volume that the part shares with mold and ring.
        collision_mm3: Largest overlap as the mold is lifted off ring and part, and the part out of the ring.
    """

    closed: bool
    outer_mm: float
    overlap_mm3: float
    collision_mm3: float

    @property
    def passed(self) -> bool:
        """Whether all is within its limit."""
        near = self.outer_mm <= TOLERANCE_MM
        return self.closed and near and max(self.overlap_mm3, self.collision_mm3) <= _FILM_MM3

    def as_dict(self) -> dict[str, Any]:
        """Return the check for JSON."""
        numbers = {name: round(value, 4) if isinstance(value, float) else value for name, value in asdict(self).items()}
        return {"passed": self.passed, **numbers}


def make_spring_form(mesh: Mesh, skull: Volume, outward: np.ndarray, settings: MoldSettings) -> SpringForm:
    """Return the spring form of a part.

    Args:
        mesh: Surface of the part, already scaled for shrinkage, RAS mm.
        skull: Mask of the defective skull, of type bool.
        outward: RAS direction out of the head in which the form opens, shape (3,).
        settings: How the form is made.

    Raises:
        InputError: If the part is undercut deeper than the settings allow, or there is no bone around it.
    """
    frame = MoldFrame.along(outward, mesh.vertices)
    part = frame.from_ras(mesh)
    margin = settings.ring_mm + settings.wall_mm
    flat = part.vertices[:, :2]
    grid = PlaneGrid.around(flat.min(axis=0) - margin, flat.max(axis=0) + margin, GRID_MM)
    columns = columns_of(part, grid)
    outer, inner, ring_at = _rim(columns, _bone_heights(skull, frame, grid, parting_heights(columns)), grid, settings)
    top = max(part.vertices[:, 2].max(), outer.max()) + settings.wall_mm
    bottom = min(part.vertices[:, 2].min(), inner.min()) - 1
    undercut = undercut_of(part, bottom, top)
    check_undercut(undercut, frame, settings)
    mold = (above(outer, grid, top) + undercut.above) - undercut.below
    floor = np.where(ring_at, np.minimum(inner, outer - settings.wall_mm / 2), outer + 1)
    ring = below(outer, grid, bottom) - below(floor, grid, bottom - 1) - undercut.above
    pieces = sorted(printable(ring).decompose(), key=lambda piece: float(piece.volume()))
    if not pieces or pieces[-1].volume() < _LEAST_RING_MM3:
        raise InputError(
            f"There is no bone within {settings.ring_mm:g} mm of the part for the ring of a spring form; choose a "
            "larger --ring-mm, or leave out --spring-form."
        )
    return SpringForm(frame, undercut, printable(mold), printable(pieces[-1]))


def check_spring_form(form: SpringForm) -> SpringFormCheck:
    """Check a spring form.

    Raises:
        InputError: If it does not pass.
    """
    molded, part = form.undercut.molded, mesh_of(form.undercut.part)
    normals = face_normals(part)
    up = normals[:, 2] > _FACING_UP * np.linalg.norm(normals, axis=1)
    corners = np.unique(part.faces[up])
    off = np.abs(distances_to(mesh_of(form.mold), part.vertices[corners]))
    if not form.undercut.filling.is_empty():
        off = off[np.abs(distances_to(mesh_of(form.undercut.filling), part.vertices[corners])) > 1e-4]
    height = float(np.ptp(np.array(form.mold.bounding_box()).reshape(2, 3)[:, 2]))
    check = SpringFormCheck(
        closed=all(is_printable(mesh_of(solid)) for solid in (form.mold, form.ring)),
        outer_mm=float(off.max(initial=0)),
        overlap_mm3=abs(float((molded ^ (form.mold + form.ring)).volume())),
        collision_mm3=max(
            overlap_mm3(form.mold, [molded, form.ring], height), overlap_mm3(molded, [form.ring], height)
        ),
    )
    if not check.passed:
        raise InputError(
            f"The spring form does not pass its own check and was not written ({check.as_dict()}); give another "
            "--opening, or leave out --spring-form."
        )
    return check


def _bone_heights(skull: Volume, frame: MoldFrame, grid: PlaneGrid, rim: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the highest and the lowest bone near the rim at each place in mm, shape (I, J); NaN where there is none.

    Args:
        skull: Mask of the skull.
        frame: The frame of the form.
        grid: The places.
        rim: Height of the rim, and of its continuation, shape (I, J).
    """
    offsets = np.arange(-_REACH_MM, _REACH_MM + GRID_MM, GRID_MM)
    heights = rim[..., None] + offsets
    places = np.broadcast_to(grid.places[:, :, None], (*heights.shape, 2))
    points = np.concatenate([places, heights[..., None]], axis=-1) @ frame.axes.T
    indices = skull.to_indices(points.reshape(-1, 3)).T
    bone = ndimage.map_coordinates(skull.voxels.astype(np.float32), indices, order=1, cval=0.0, prefilter=False)
    bone = bone.reshape(heights.shape)
    bone[..., [0, -1]] = 0
    found = (bone >= 0.5).any(axis=2)

    def surface(values: np.ndarray) -> np.ndarray:
        """Return how far along the last axis the values first reach one half, in steps."""
        first = (values >= 0.5).argmax(axis=2)
        before, at = (np.take_along_axis(values, np.maximum(k, 0)[..., None], 2)[..., 0] for k in (first - 1, first))
        return first - (at - 0.5) / np.maximum(at - before, 1e-6)

    lowest = rim - _REACH_MM + surface(bone) * GRID_MM
    highest = rim + offsets[-1] - surface(bone[..., ::-1]) * GRID_MM
    return np.where(found, highest, np.nan), np.where(found, lowest, np.nan)


def _rim(
    columns: Columns, bone: tuple[np.ndarray, np.ndarray], grid: PlaneGrid, settings: MoldSettings
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the outer and the inner side of the ring in mm, and where it is, each of shape (I, J)."""
    highest, lowest = bone
    beside = ndimage.distance_transform_edt(~ndimage.binary_fill_holes(columns.inside)) * grid.step_mm
    near = np.isfinite(highest) & (beside <= settings.ring_mm)
    carries = near & columns.inside & (lowest < np.nan_to_num(columns.lowest) - _BENEATH_MM)
    around = near & ~columns.inside
    if not around.any():
        raise InputError(
            f"There is no bone within {settings.ring_mm:g} mm of the part for the ring of a spring form; choose a "
            "larger --ring-mm, or leave out --spring-form."
        )
    outer = spread(np.where(columns.inside, columns.highest, highest), around | columns.inside)
    inner = spread(lowest, around | carries)
    reach = ndimage.distance_transform_edt(~(around | carries)) * grid.step_mm
    gap = ~columns.inside & (beside > 0) & (beside <= settings.ring_mm) & (reach <= _REACH_MM / 3)
    outer = ndimage.gaussian_filter(outer, 1.0, mode="nearest")
    inner = ndimage.gaussian_filter(inner, _INNER_PLACES, mode="nearest")
    ring_at = ndimage.gaussian_filter((around | carries | gap).astype(float), _OUTLINE_PLACES, mode="nearest") >= 0.5
    return outer, inner, ring_at
