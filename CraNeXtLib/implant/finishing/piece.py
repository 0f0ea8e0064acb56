"""One piece of an implant, finished on a fine grid whose third axis is its insertion direction.

It is a signed distance field in mm, negative inside. Unlike operations on meshes, no step on such fields can fail on an
irregular shape.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from CraNeXtLib.anatomy.head.pose import HeadPose
from CraNeXtLib.geometry.components import labeled
from CraNeXtLib.geometry.distance_field import aligned_grid, distance, field_of, fine_step_mm, span_of
from CraNeXtLib.geometry.fairing import FairSurface
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.fair_sides import fair_sides
from CraNeXtLib.implant.finishing import border, engraving, insertion, outer_surface, perforations
from CraNeXtLib.implant.finishing.bulk import HIGHEST_MM, Bulk, with_bulk
from CraNeXtLib.implant.finishing.cleaning import volume_ml, without_fragments, without_pores
from CraNeXtLib.implant.finishing.drilling import Bore
from CraNeXtLib.implant.finishing.finished_implant import FinishedPiece
from CraNeXtLib.implant.finishing.fixation import Anchorage, fixed
from CraNeXtLib.implant.finishing.piece_warnings import piece_warnings
from CraNeXtLib.implant.finishing.segment import Segment
from CraNeXtLib.implant.finishing.settings import FinishSettings
from CraNeXtLib.implant.outward import box_center, outward_direction


def finish_piece(
    piece: Volume,
    bone: Volume,
    head: FairSurface,
    settings: FinishSettings,
    anchorage: Anchorage | None,
    segment: Segment | None = None,
    temple: HeadPose | None = None,
) -> tuple[Volume, FinishedPiece, list[str]]:
    """Return the field of a finished piece or of a segment of it, what was done to it, and warnings.

    Args:
        piece: Mask of the piece.
        bone: Mask of the skull and of the other pieces, of the same geometry.
        head: The fair surface of all of them together.
        settings: What to do.
        anchorage: What the piece is fixed to, if it is.
        segment: The segment of the piece; None for the whole piece.
        temple: Pose of the template, if the piece gets bulk over its temporal region.
    """
    made, obstacles = (segment.mask, segment.obstacles) if segment else (piece, bone)
    outward = insertion_direction(made, obstacles, settings)
    site = _Site.around(piece, bone, head, span_of(made), outward, settings)
    forbidden = border.forbidden_by_bone(
        segment.distance_mm(site.bone_mm, settings.clearance_mm) if segment else site.bone_mm,
        clearance_mm=settings.clearance_mm,
        edge_radius_mm=settings.edge_radius_mm,
    )
    raw, (field, bulk) = site.raw.voxels, _shaped(site, settings, temple)
    if segment:
        raw, field = (segment.cut_out(whole, site.raw) for whole in (raw, field))
    field = np.maximum(field, forbidden)
    field, undercut_ml = _insertable(obstacles, site.raw, field, forbidden, settings)
    field = _edged(site, field, settings)
    part = without_fragments(site.raw.with_voxels(without_pores(field, forbidden)))
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
    part, perforated = _perforated(part, box_center(bone), fixation.taken if fixation else text_columns, settings)
    part = without_fragments(part)
    _, sizes = labeled(part.voxels < 0)
    x, y, z = np.round(outward / np.linalg.norm(outward), 4).tolist()
    done = FinishedPiece(
        outward_ras=(x, y, z),
        raw_ml=volume_ml(raw, site.raw),
        finished_ml=volume_ml(part.voxels, part),
        undercut_ml=round(undercut_ml, 3),
        perforations=len(perforated),
        parts=len(sizes) - 1,
        plates=fixation.plates if fixation else (),
        holes=fixation.holes if fixation else (),
        segment=segment.number + 1 if segment else None,
        bulk_ml=round(bulk.volume_ml, 2) if bulk else 0.0,
        bulk_mm=round(bulk.height_mm, 2) if bulk else 0.0,
        bores=(*(fixation.bores if fixation else ()), *perforated),
    )
    warnings = piece_warnings(done, undercut_ml, settings, engraved=text_columns is not None)
    return part, done, [*warnings, *(fixation.warnings if fixation else ())]


def insertion_direction(piece: Volume, bone: Volume, settings: FinishSettings) -> np.ndarray:
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
        bone: Mask of the skull and of the other pieces, on the voxels of the input.
        raw: Field of the piece as it was given, its sides fair, on the fine grid.
        head: Field of bone and piece together, likewise.
        bone_mm: Distance to the bone, on the fine grid.
    """

    bone: Volume
    raw: Volume
    head: Volume
    bone_mm: Volume

    @classmethod
    def around(
        cls,
        piece: Volume,
        bone: Volume,
        head: FairSurface,
        span: np.ndarray,
        outward: np.ndarray,
        settings: FinishSettings,
    ) -> _Site:
        """Return the site of a piece around points, with room for the balls that round its border."""
        margin_mm = settings.clearance_mm + 2 * settings.edge_radius_mm + 3
        if settings.temporal_bulk_ml:
            margin_mm += HIGHEST_MM
        grid = aligned_grid(span, outward, margin_mm=margin_mm, step_mm=fine_step_mm(piece))
        fair = fair_sides(piece, bone, grid, head)
        return cls(bone, fair.piece, fair.head, distance(field_of(bone, grid, whole=True)))


def _shaped(site: _Site, settings: FinishSettings, temple: HeadPose | None) -> tuple[np.ndarray, Bulk | None]:
    """Return the field with its outer surface set back, its thickness between the limits, and bulk, and the latter."""
    field = site.raw.voxels
    limits = settings.under_contour_mm or settings.minimum_thickness_mm or settings.maximum_thickness_mm
    if not (limits or temple):
        return field, None
    depth = outer_surface.depth_below_outer_surface(site.head).voxels
    depth = outer_surface.set_back(depth, site.bone_mm.voxels, settings.under_contour_mm)
    field = outer_surface.limit_thickness(
        field, depth, least_mm=settings.minimum_thickness_mm, most_mm=settings.maximum_thickness_mm
    )
    field = np.maximum(field, -depth) if settings.under_contour_mm else field
    bulk = with_bulk(site.raw.with_voxels(field), depth, temple, settings.temporal_bulk_ml) if temple else None
    return (bulk.field if bulk else field), bulk


def _insertable(
    obstacles: Volume, grid: Volume, field: np.ndarray, forbidden: np.ndarray, settings: FinishSettings
) -> tuple[np.ndarray, float]:
    """Return the field without what would collide on insertion, its rim beveled, and the volume of the former in mL."""
    if settings.insertion == "none":
        return field, 0.0
    covered = insertion.columns_under_bone(obstacles, grid, settings.clearance_mm)
    on_path = insertion.forbidden_on_path(forbidden, covered)
    free = np.maximum(field, on_path)
    undercut_ml = volume_ml(field, grid) - volume_ml(free, grid)
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
) -> tuple[Volume, list[Bore]]:
    """Return the part with its holes, none of them where text, plates or other holes are, and the holes."""
    if not settings.perforation_diameter_mm:
        return part, []
    return perforations.perforate(
        part,
        diameter_mm=settings.perforation_diameter_mm,
        pitch_mm=settings.perforation_pitch_mm,
        border_mm=settings.perforation_border_mm,
        center=center,
        keep_free=taken,
        wall_mm=settings.minimum_wall_mm,
    )
