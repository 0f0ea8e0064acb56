"""From the implant that a model or a person drew to a part that can be made and put in."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy import ndimage

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.progress import ProgressCallback
from CraNeXtLib.geometry.box import box_around, foreground_box
from CraNeXtLib.geometry.components import cavities_of, labeled, largest_first, without_cavities
from CraNeXtLib.geometry.distance_field import FAR_MM, aligned_grid, distance, field_of, fine_step_mm, span_of
from CraNeXtLib.geometry.mask import check_same_geometry, mask
from CraNeXtLib.geometry.mesh import Mesh, joined
from CraNeXtLib.geometry.surface_extraction import surface_of_field
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.finishing import border, engraving, insertion, outer_surface, perforations
from CraNeXtLib.implant.finishing.settings import FinishSettings

SPECKS_MM3 = 100.0  # smaller pieces of the input, and crumbs that a cut leaves, are dropped


@dataclass(frozen=True)
class FinishedPiece:
    """What was done to one connected piece of the implant.

    Attributes:
        outward_ras: Direction out of the head, a RAS unit vector: the way along which the piece comes out of its place
            or, if undercuts were kept, the way from the middle of the head.
        raw_ml: Volume before.
        finished_ml: Volume after.
        undercut_ml: Volume that was left out because it would collide on the way in.
        perforations: Number of holes.
        parts: Connected parts after; 0 if nothing was left.
    """

    outward_ras: tuple[float, float, float]
    raw_ml: float
    finished_ml: float
    undercut_ml: float
    perforations: int
    parts: int


@dataclass(frozen=True, eq=False)
class FinishedImplant:
    """A finished implant.

    Args:
        implant: Mask of the geometry of the input; shares no voxel with the skull.
        mesh: Its surface, from the distance field and not from the mask, in RAS mm.
        pieces: What was done to each piece, largest first.
        settings: How it was finished.
        warnings: What the user should know, as sentences.
    """

    implant: Volume
    mesh: Mesh
    pieces: tuple[FinishedPiece, ...]
    settings: FinishSettings
    warnings: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return settings and pieces for JSON."""
        return {
            "validated_clinically": False,
            "settings": asdict(self.settings),
            "pieces": [asdict(piece) for piece in self.pieces],
        }


def finish(
    implant: Volume,
    skull: Volume,
    settings: FinishSettings | None = None,
    *,
    progress: ProgressCallback | None = None,
) -> FinishedImplant:
    """Finish an implant: room to the bone, thickness, a way in, holes, text.

    Every step works on distance fields of a box around a piece, so that none can fail on a bad shape as operations on
    meshes do. Other pieces are kept clear of like bone.

    Args:
        implant: Mask of the implant; anything but 0 is implant. Where it overlaps the skull, bone counts.
        skull: Mask of the defective skull, of the same geometry.
        settings: What to do; see :class:`FinishSettings`.
        progress: Told the stage and the fraction of the whole; may raise CancelledError to stop.

    Raises:
        InputError: If the geometries differ, a mask is empty, or nothing of the implant is left.
    """
    settings = settings or FinishSettings()
    check_same_geometry(implant, skull)
    bone, whole = mask(skull), mask(implant)
    if not whole.any() or not bone.any():
        raise InputError("Finishing needs an implant and a skull that are not empty.")
    box = foreground_box(whole)
    labels, sizes = _pieces(whole[box] & ~bone[box], implant.voxel_volume_mm3)
    if not sizes:
        raise InputError("Finishing needs an implant of at least 0.1 mL outside the skull.")
    result, meshes, pieces, warnings = np.zeros(implant.shape, bool), [], [], []
    for number, label in enumerate(sizes):
        if progress:
            progress(f"Finishing piece {number + 1} of {len(sizes)}", number / len(sizes))
        piece, obstacles = np.zeros(implant.shape, bool), bone.copy()
        piece[box] = without_cavities(labels == label) & ~bone[box]
        obstacles[box] |= (labels > 0) & (labels != label)
        part, done, notes = _finish_piece(implant.with_voxels(piece), implant.with_voxels(obstacles), settings)
        pieces.append(done)
        warnings += [f"Piece {number + 1}: {note}" if len(sizes) > 1 else note for note in notes]
        if done.parts:
            meshes.append(surface_of_field(part))
            _mark(part, result, implant)
    if not meshes:
        raise InputError("Finishing leaves nothing of the implant; choose a smaller clearance or edge radius.")
    result &= ~bone
    return FinishedImplant(implant.with_voxels(result), joined(meshes), tuple(pieces), settings, tuple(warnings))


def _pieces(implant: np.ndarray, voxel_mm3: float) -> tuple[np.ndarray, list[int]]:
    """Return the labels of the connected pieces and those that are large enough, largest first."""
    labels, sizes = labeled(implant, corners=True)
    return labels, [label for label in largest_first(sizes) if sizes[label] * voxel_mm3 >= SPECKS_MM3]


def _finish_piece(piece: Volume, bone: Volume, settings: FinishSettings) -> tuple[Volume, FinishedPiece, list[str]]:
    """Return the field of a finished piece, what was done, and what the user should know."""
    outward = mean_outward(piece, bone)
    if settings.insertion == "auto":
        passage = insertion.passage_of(piece, bone, outward, clearance_mm=settings.clearance_mm)
        outward = insertion.best_direction(passage, outward, settings.clearance_mm)
    elif settings.insertion != "none":
        outward = np.array(settings.insertion)
    margin = settings.clearance_mm + 2 * settings.edge_radius_mm + 3
    grid = aligned_grid(span_of(piece), outward, margin_mm=margin, step_mm=fine_step_mm(piece))
    raw, away = field_of(piece, grid), distance(field_of(bone, grid, whole=True))

    field = raw.voxels
    if settings.under_contour_mm or settings.minimum_thickness_mm or settings.maximum_thickness_mm:
        head = field_of(bone.with_voxels(bone.voxels | piece.voxels), grid)
        depth = outer_surface.depth_below_outer_side(head).voxels
        depth = outer_surface.set_back(depth, away.voxels, settings.under_contour_mm)
        field = outer_surface.of_thickness(
            field, depth, least_mm=settings.minimum_thickness_mm, most_mm=settings.maximum_thickness_mm
        )
        if settings.under_contour_mm:
            field = np.maximum(field, -depth)
    forbidden = border.forbidden_by_bone(
        away, clearance_mm=settings.clearance_mm, edge_radius_mm=settings.edge_radius_mm
    )
    field, undercut_ml = np.maximum(field, forbidden), 0.0
    if settings.insertion != "none":
        above = insertion.bone_above(bone, grid, settings.clearance_mm)
        swept = np.maximum(field, insertion.kept_on_the_way(forbidden, above))
        undercut_ml = _volume_ml(field, grid) - _volume_ml(swept, grid)
        field = swept
    if settings.edge_radius_mm:
        field = border.without_slivers(grid.with_voxels(field), settings.edge_radius_mm)
    part = _without_crumbs(grid.with_voxels(_without_pores(field, forbidden)))
    notes, holes, text_columns = [], 0, None
    if settings.engraving:
        lettered = engraving.engraved(part, settings.engraving)
        if lettered is None:
            notes.append("There is no room for the engraving; shorten the text.")
        else:
            part, text_columns = lettered
    if settings.perforation_diameter_mm:
        part, holes = perforations.perforated(
            part,
            diameter_mm=settings.perforation_diameter_mm,
            pitch_mm=settings.perforation_pitch_mm,
            border_mm=settings.perforation_border_mm,
            centre=middle_of(bone),
            keep_free=text_columns,
        )
        if not holes:
            notes.append("There is no room for perforations; choose a smaller distance from the border.")
    part = _without_crumbs(part)
    parts = int(ndimage.label(part.voxels < 0)[1])
    before, after = _volume_ml(raw.voxels, grid), _volume_ml(part.voxels, grid)
    if parts > 1:
        notes.append(f"Finishing divided the implant into {parts} parts; look at its thin places.")
    if undercut_ml > _NOTABLE_UNDERCUT * before:
        notes.append(
            f"{undercut_ml:.1f} mL of the implant were left out so that it can be put in; consider two parts or "
            "another insertion direction."
        )
    direction = tuple(np.round(outward / np.linalg.norm(outward), 4).tolist())
    return part, FinishedPiece(direction, before, after, round(undercut_ml, 3), holes, parts), notes


def mean_outward(piece: Volume, bone: Volume) -> np.ndarray:
    """Return the direction out of the head at a piece: from the middle of the skull to that of the piece."""
    outward = middle_of(piece) - middle_of(bone)
    length = np.linalg.norm(outward)
    return outward / length if length > 1e-6 else np.array([0.0, 0, 1])


def middle_of(mask: Volume) -> np.ndarray:
    """Return the middle of a mask's box, in RAS mm; of a skull a point inside the head, however much is missing."""
    box = foreground_box(mask.voxels)
    return mask.to_ras(np.array([[(side.start + side.stop - 1) / 2 for side in box]]))[0]


_NOTABLE_UNDERCUT = 0.05  # of the implant


def _volume_ml(field: np.ndarray, grid: Volume) -> float:
    """Return the volume inside a field; voxels that the surface cuts count in part."""
    share = np.clip(0.5 - field / np.float32(grid.spacing[0]), 0, 1)
    return round(float(share.sum(dtype=float)) * grid.voxel_volume_mm3 / 1000, 3)


def _without_pores(field: np.ndarray, forbidden: np.ndarray) -> np.ndarray:
    """Return the field with its cavities filled, as pores of the model's bone whose ways out the smoothing closed.

    Args:
        field: Field of a part.
        forbidden: Field that is negative where it may be.
    """
    cavities = cavities_of(field < 0)
    return np.where(cavities & (forbidden < 0), -np.abs(field) - np.float32(1e-3), field)


def _without_crumbs(part: Volume) -> Volume:
    """Return the field of a part without connected parts that are too small to be any use."""
    labels, sizes = labeled(part.voxels < 0)
    if len(sizes) <= 2:
        return part
    small = sizes * part.voxel_volume_mm3 < SPECKS_MM3
    small[0] = False
    return part.with_voxels(np.where(small[labels], np.abs(part.voxels), part.voxels))


def _mark(part: Volume, result: np.ndarray, geometry: Volume) -> None:
    """Mark the voxels whose middles lie in a part's field."""
    box = box_around(geometry.to_indices(part.corners), geometry.shape)
    to_part = np.linalg.inv(part.affine) @ geometry.crop(box).affine
    field = ndimage.affine_transform(
        part.voxels,
        to_part[:3, :3],
        to_part[:3, 3],
        output_shape=result[box].shape,
        order=1,
        cval=FAR_MM,
        prefilter=False,
    )
    result[box] |= field < 0
