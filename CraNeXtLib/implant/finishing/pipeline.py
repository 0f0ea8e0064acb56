"""Finishing: from the implant that a model or a person drew to a part that can be manufactured and inserted.

Each piece is a signed distance field in mm, negative inside, on a fine grid whose third axis is the insertion
direction. Unlike operations on meshes, no step on such fields can fail on an irregular shape.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from CraNeXtLib.anatomy.head.landmarks import skull_frame
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.progress import ProgressCallback
from CraNeXtLib.geometry.box import box_around, foreground_box
from CraNeXtLib.geometry.components import cavities_of, labeled, largest_first, without_cavities
from CraNeXtLib.geometry.distance_field import FAR_MM, aligned_grid, distance, field_of, fine_step_mm, span_of
from CraNeXtLib.geometry.mask import check_same_geometry, mask, of_booleans
from CraNeXtLib.geometry.mesh import joined
from CraNeXtLib.geometry.reslicing import reslice
from CraNeXtLib.geometry.surface_extraction import surface_of_field
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.finishing import border, engraving, insertion, outer_surface, perforations
from CraNeXtLib.implant.finishing.finished_implant import FinishedImplant, FinishedPiece
from CraNeXtLib.implant.finishing.fixation import Anchorage, fixed
from CraNeXtLib.implant.finishing.settings import FinishSettings
from CraNeXtLib.implant.outward import box_center, outward_direction
from CraNeXtLib.implant.symmetry_plane import symmetry_plane

SPECKS_MM3 = 100.0
"""Smaller pieces of the implant, and fragments that a step cuts off, are dropped."""

_NOTABLE_UNDERCUT = 0.05  # fraction of a piece that may be removed for insertion without a warning


def finish(
    implant: Volume,
    skull: Volume,
    settings: FinishSettings | None = None,
    *,
    progress: ProgressCallback | None = None,
) -> FinishedImplant:
    """Finish an implant: clearance, thickness, insertion path, perforations, engraving.

    Each piece is finished on its own and keeps clear of the other pieces as of bone.

    Args:
        implant: Mask of the implant; every nonzero voxel outside the skull is implant.
        skull: Mask of the defective skull, of the same geometry.
        settings: What to do; see :class:`FinishSettings`.
        progress: Called with the stage and the overall fraction; may raise CancelledError to stop.

    Raises:
        InputError: If the geometries differ, a mask is empty, the thickness is that of a sliver, or nothing is left of
            the implant.
    """
    settings = settings or FinishSettings()
    check_same_geometry(implant, skull)
    skull = of_booleans(skull)
    bone, whole = skull.voxels, mask(implant)
    if not whole.any() or not bone.any():
        raise InputError("Finishing needs an implant and a skull that are not empty.")
    _check_thickness(settings, fine_step_mm(implant))
    box = foreground_box(whole)
    labels, large = _large_pieces(whole[box] & ~bone[box], implant.voxel_volume_mm3)
    if not large:
        raise InputError("Finishing needs an implant of at least 0.1 mL outside the skull.")
    anchorage = _anchorage(skull, settings)
    result = implant.zeros(bool)
    meshes, pieces, warnings = [], [], []
    for number, label in enumerate(large):
        if progress:
            progress(f"Finishing piece {number + 1} of {len(large)}", number / len(large))
        piece, others = implant.zeros(bool), (labels > 0) & (labels != label)
        piece[box] = without_cavities(labels == label) & ~bone[box]
        obstacles = skull
        if others.any():
            occupied = bone.copy()
            occupied[box] |= others
            obstacles = skull.with_voxels(occupied)
        part, done, concerns = _finish_piece(implant.with_voxels(piece), obstacles, settings, anchorage)
        pieces.append(done)
        warnings += [f"Piece {number + 1}: {concern}" if len(large) > 1 else concern for concern in concerns]
        if done.parts:
            meshes.append(surface_of_field(part))
            _mark(part, result, implant)
    if not meshes:
        raise InputError("Finishing leaves nothing of the implant; reduce the clearance or the edge radius.")
    result &= ~bone
    return FinishedImplant(implant.with_voxels(result), joined(meshes), tuple(pieces), settings, tuple(warnings))


def _anchorage(skull: Volume, settings: FinishSettings) -> Anchorage | None:
    """Return what the pieces are fixed to; None without plates or holes for sutures."""
    if settings.fixation is None:
        return None
    midline = symmetry_plane(skull, skull_frame(skull)) if settings.fixation.midline_mm else None
    return Anchorage(skull, midline)


def _check_thickness(settings: FinishSettings, step_mm: float) -> None:
    """Refuse to make a plate of a thickness at which it would be removed as a sliver.

    Raises:
        InputError: If the maximum thickness is that small.
    """
    if not settings.edge_radius_mm or not settings.maximum_thickness_mm:
        return
    thinnest_mm = border.sliver_mm(settings.edge_radius_mm, step_mm)
    if settings.maximum_thickness_mm <= thinnest_mm:
        raise InputError(
            f"With an edge radius, a plate must be thicker than {thinnest_mm:.2g} mm on this skull's voxels, or it is "
            f"removed as a sliver; make the maximum thickness of {settings.maximum_thickness_mm:g} mm larger, or set "
            "the edge radius to 0."
        )


def _large_pieces(implant: np.ndarray, voxel_mm3: float) -> tuple[np.ndarray, list[int]]:
    """Return the labels of the connected pieces, and those that are no specks, largest first."""
    labels, sizes = labeled(implant, corners=True)
    return labels, [label for label in largest_first(sizes) if sizes[label] * voxel_mm3 >= SPECKS_MM3]


def _finish_piece(
    piece: Volume, bone: Volume, settings: FinishSettings, anchorage: Anchorage | None
) -> tuple[Volume, FinishedPiece, list[str]]:
    """Return the field of a finished piece, what was done to it, and warnings.

    Args:
        piece: Mask of the piece.
        bone: Mask of the skull and of the other pieces, of the same geometry.
        settings: What to do.
        anchorage: What the piece is fixed to, if it is.
    """
    outward = _insertion_direction(piece, bone, settings)
    site = _Site.around(piece, bone, outward, settings)
    forbidden = border.forbidden_by_bone(
        site.bone_mm, clearance_mm=settings.clearance_mm, edge_radius_mm=settings.edge_radius_mm
    )
    field = np.maximum(_shaped(site, settings), forbidden)
    field, undercut_ml = _insertable(site, field, forbidden, settings)
    field = _edged(site, field, settings)
    part = _without_fragments(site.raw.with_voxels(_without_pores(field, forbidden)))
    part, text_columns = _engraved(part, settings)
    fixation = None
    if settings.fixation and anchorage:
        fixation = fixed(
            part,
            anchorage,
            settings.fixation,
            text_columns=text_columns,
            clearance_mm=settings.clearance_mm,
            wall_mm=settings.minimum_wall_mm,
        )
        part = fixation.part
    part, holes = _perforated(part, box_center(bone), fixation.taken if fixation else text_columns, settings)
    part = _without_fragments(part)
    _, sizes = labeled(part.voxels < 0)
    x, y, z = np.round(outward / np.linalg.norm(outward), 4).tolist()
    done = FinishedPiece(
        outward_ras=(x, y, z),
        raw_ml=_volume_ml(site.raw.voxels, site.raw),
        finished_ml=_volume_ml(part.voxels, part),
        undercut_ml=round(undercut_ml, 3),
        perforations=holes,
        parts=len(sizes) - 1,
        plates=fixation.plates if fixation else (),
        holes=fixation.holes if fixation else (),
    )
    warnings = _warnings(done, undercut_ml, settings, engraved=text_columns is not None)
    return part, done, [*warnings, *(fixation.warnings if fixation else ())]


def _insertion_direction(piece: Volume, bone: Volume, settings: FinishSettings) -> np.ndarray:
    """Return the RAS direction in which the piece is removed, or the one out of the head if undercuts are kept."""
    outward = outward_direction(piece, bone)
    if settings.insertion == "none":
        return outward
    if settings.insertion == "auto":
        probe = insertion.collision_probe(piece, bone, outward, clearance_mm=settings.clearance_mm)
        return insertion.best_direction(probe, outward, settings.clearance_mm)
    return np.array(settings.insertion)


@dataclass(frozen=True, eq=False)
class _Site:
    """A piece and what surrounds it, on a fine grid whose third axis is the insertion direction.

    Args:
        piece: Mask of the piece, on the voxels of the input.
        bone: Mask of the skull and of the other pieces, on the voxels of the input.
        raw: Field of the piece as it was given, on the fine grid.
        bone_mm: Distance to the bone, on the fine grid.
    """

    piece: Volume
    bone: Volume
    raw: Volume
    bone_mm: Volume

    @classmethod
    def around(cls, piece: Volume, bone: Volume, outward: np.ndarray, settings: FinishSettings) -> _Site:
        """Return the site of a piece, with room for the balls that round its border."""
        margin_mm = settings.clearance_mm + 2 * settings.edge_radius_mm + 3
        grid = aligned_grid(span_of(piece), outward, margin_mm=margin_mm, step_mm=fine_step_mm(piece))
        return cls(piece, bone, field_of(piece, grid), distance(field_of(bone, grid, whole=True)))


def _shaped(site: _Site, settings: FinishSettings) -> np.ndarray:
    """Return the field of the piece with its outer surface set back and its thickness between the limits."""
    field = site.raw.voxels
    if not (settings.under_contour_mm or settings.minimum_thickness_mm or settings.maximum_thickness_mm):
        return field
    head = field_of(site.bone.with_voxels(site.bone.voxels | site.piece.voxels), site.raw)
    depth = outer_surface.depth_below_outer_surface(head).voxels
    depth = outer_surface.set_back(depth, site.bone_mm.voxels, settings.under_contour_mm)
    field = outer_surface.limit_thickness(
        field, depth, least_mm=settings.minimum_thickness_mm, most_mm=settings.maximum_thickness_mm
    )
    return np.maximum(field, -depth) if settings.under_contour_mm else field


def _insertable(
    site: _Site, field: np.ndarray, forbidden: np.ndarray, settings: FinishSettings
) -> tuple[np.ndarray, float]:
    """Return the field without what would collide on insertion, its rim beveled, and the volume of the former in mL."""
    if settings.insertion == "none":
        return field, 0.0
    covered = insertion.columns_under_bone(site.bone, site.raw, settings.clearance_mm)
    on_path = insertion.forbidden_on_path(forbidden, covered)
    free = np.maximum(field, on_path)
    undercut_ml = _volume_ml(field, site.raw) - _volume_ml(free, site.raw)
    if settings.rim_bevel_deg:
        free = np.maximum(free, insertion.widening_outward(on_path, settings.rim_bevel_deg))
    return free, undercut_ml


def _edged(site: _Site, field: np.ndarray, settings: FinishSettings) -> np.ndarray:
    """Return the field with blunt edges and without slivers."""
    part = site.raw.with_voxels(field)
    if settings.minimum_wall_mm:
        return border.without_feather_edges(
            part,
            site.bone_mm.voxels,
            wall_mm=settings.minimum_wall_mm,
            near_mm=settings.clearance_mm + 2 * settings.minimum_wall_mm,
            thinnest_mm=settings.edge_radius_mm,
        )
    return border.without_slivers(part, settings.edge_radius_mm) if settings.edge_radius_mm else field


def _engraved(part: Volume, settings: FinishSettings) -> tuple[Volume, np.ndarray | None]:
    """Return the part with its text, if there is one and it fits, and the columns of the grid below the text."""
    lettered = engraving.engrave(part, settings.engraving) if settings.engraving else None
    return lettered or (part, None)


def _perforated(
    part: Volume, center: np.ndarray, taken: np.ndarray | None, settings: FinishSettings
) -> tuple[Volume, int]:
    """Return the part with its holes, none of them where text, plates or other holes are, and their number."""
    if not settings.perforation_diameter_mm:
        return part, 0
    return perforations.perforate(
        part,
        diameter_mm=settings.perforation_diameter_mm,
        pitch_mm=settings.perforation_pitch_mm,
        border_mm=settings.perforation_border_mm,
        center=center,
        keep_free=taken,
        wall_mm=settings.minimum_wall_mm,
    )


def _warnings(piece: FinishedPiece, undercut_ml: float, settings: FinishSettings, *, engraved: bool) -> list[str]:
    """Return what the user should know about a finished piece.

    Args:
        piece: What was done to it.
        undercut_ml: Its undercut before rounding, in mL.
        settings: What should have been done.
        engraved: Whether it bears the text.
    """
    if not piece.parts:
        return ["Finishing leaves nothing of it; reduce the clearance or the edge radius."]
    warnings = []
    if settings.engraving and not engraved:
        warnings.append("The engraving does not fit on the implant and was left out; shorten the text.")
    if settings.perforation_diameter_mm and not piece.perforations:
        warnings.append(
            "No perforation fits on the implant, so none was made; reduce the perforations' distance from the border."
        )
    if piece.parts > 1:
        warnings.append(
            f"Finishing split the implant into {piece.parts} separate parts; inspect where it came apart and "
            "increase the minimum thickness, or reduce the clearance."
        )
    if undercut_ml > _NOTABLE_UNDERCUT * piece.raw_ml:
        warnings.append(
            f"{undercut_ml:.1f} mL of the implant were removed because they would collide with bone on insertion; "
            "consider another insertion direction or an implant in two parts."
        )
    return warnings


def _volume_ml(field: np.ndarray, grid: Volume) -> float:
    """Return the volume inside a field in mL; voxels that the surface cuts count in part."""
    occupancy = np.clip(0.5 - field / np.float32(grid.spacing[0]), 0, 1)
    return round(float(occupancy.sum(dtype=float)) * grid.voxel_volume_mm3 / 1000, 3)


def _without_pores(field: np.ndarray, forbidden: np.ndarray) -> np.ndarray:
    """Return the field with its cavities filled, such as pores of spongy bone whose exits the smoothing closed.

    Args:
        field: Field of a part.
        forbidden: Field that is negative where the part may be.
    """
    cavities = cavities_of(field < 0)
    return np.where(cavities & (forbidden < 0), -np.abs(field) - np.float32(1e-3), field)


def _without_fragments(part: Volume) -> Volume:
    """Return the field of a part without connected parts smaller than ``SPECKS_MM3``."""
    labels, sizes = labeled(part.voxels < 0)
    small = sizes * part.voxel_volume_mm3 < SPECKS_MM3
    small[0] = False
    if not small.any():
        return part
    return part.with_voxels(np.where(small[labels], np.abs(part.voxels), part.voxels))


def _mark(part: Volume, result: np.ndarray, geometry: Volume) -> None:
    """Mark the voxels whose centers lie inside a part.

    Args:
        part: Field of the part.
        result: Boolean array to mark them in.
        geometry: Volume whose geometry the array has.
    """
    box = box_around(geometry.to_indices(part.corners), geometry.shape)
    to_part = np.linalg.inv(part.affine) @ geometry.crop(box).affine
    field = reslice(part.voxels, to_part, result[box].shape, outside=FAR_MM)
    result[box] |= field < 0
