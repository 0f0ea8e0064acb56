"""Finishing: from the implant that a model or a person drew to a part that can be manufactured and inserted."""

from __future__ import annotations

import numpy as np

from CraNeXtLib.anatomy.head.landmarks import skull_frame
from CraNeXtLib.anatomy.head.pose import HeadPose, find_pose
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.progress import ProgressCallback
from CraNeXtLib.geometry.box import foreground_box
from CraNeXtLib.geometry.components import labeled, largest_first, without_cavities
from CraNeXtLib.geometry.distance_field import fine_step_mm
from CraNeXtLib.geometry.fairing import FairSurface
from CraNeXtLib.geometry.mask import check_same_geometry, mask, of_booleans
from CraNeXtLib.geometry.mesh import joined
from CraNeXtLib.geometry.mesh_decimation import light
from CraNeXtLib.geometry.surface_extraction import surface_of_field
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.fair_sides import fair_head
from CraNeXtLib.implant.finishing import border
from CraNeXtLib.implant.finishing.bulk import temporal_voxels
from CraNeXtLib.implant.finishing.cleaning import SPECKS_MM3
from CraNeXtLib.implant.finishing.drilling import bored
from CraNeXtLib.implant.finishing.finished_implant import FinishedImplant, FinishedPiece
from CraNeXtLib.implant.finishing.fixation import Anchorage
from CraNeXtLib.implant.finishing.marking import mark
from CraNeXtLib.implant.finishing.piece import finish_piece
from CraNeXtLib.implant.finishing.segmented_piece import finish_segments
from CraNeXtLib.implant.finishing.settings import FinishSettings
from CraNeXtLib.implant.symmetry_plane import symmetry_plane


def finish(
    implant: Volume,
    skull: Volume,
    settings: FinishSettings | None = None,
    *,
    head: FairSurface | None = None,
    progress: ProgressCallback | None = None,
) -> FinishedImplant:
    """Finish an implant: clearance, thickness, insertion path, perforations, engraving.

    Each piece is finished on its own and keeps clear of the other pieces as of bone; the largest one may be split.

    Args:
        implant: Mask of the implant; every nonzero voxel outside the skull is implant.
        skull: Mask of the defective skull, of the same geometry.
        settings: What to do; see :class:`FinishSettings`.
        head: The fair surface of bone and implant, if it is known.
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
    head, anchorage = head or fair_head(implant, skull), _anchorage(skull, settings)
    temple, bulky = _temple(skull, settings), None
    if temple:
        bulky = max(large, key=lambda label: temporal_voxels(implant.crop(box).with_voxels(labels == label), temple))
    result = implant.zeros(bool)
    dense, meshes, pieces, warnings = [], [], [], []
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
        given = implant.with_voxels(piece)
        if settings.segments and number == 0:
            finished = finish_segments(given, obstacles, head, settings, settings.segments, anchorage)
        else:
            pose = temple if label == bulky else None
            finished = [finish_piece(given, obstacles, head, settings, anchorage, temple=pose)]
        for part, done, concerns in finished:
            pieces.append(done)
            warnings += [_named(number, done, len(large)) + concern for concern in concerns]
            if done.parts:
                dense.append(bored(surface_of_field(part), done.bores))
                meshes.append(light(dense[-1]))
                mark(part, result, implant)
    if not meshes:
        raise InputError("Finishing leaves nothing of the implant; reduce the clearance or the edge radius.")
    np.greater(result, bone, out=result)  # and not bone, without a copy
    return FinishedImplant(
        implant.with_voxels(result),
        joined(meshes),
        tuple(pieces),
        settings,
        tuple(warnings),
        tuple(meshes),
        joined(dense),
    )


def _named(number: int, done: FinishedPiece, count: int) -> str:
    """Return what a warning about one of so many pieces begins with."""
    if done.segment:
        return f"Segment {done.segment}: "
    return f"Piece {number + 1}: " if count > 1 else ""


def _anchorage(skull: Volume, settings: FinishSettings) -> Anchorage | None:
    """Return what the pieces are fixed to; None without plates or holes for sutures."""
    if settings.fixation is None:
        return None
    midline = symmetry_plane(skull, skull_frame(skull)) if settings.fixation.midline_mm else None
    return Anchorage(skull, midline)


def _temple(skull: Volume, settings: FinishSettings) -> HeadPose | None:
    """Return the pose of the template, whose temporal region gets bulk; None without bulk."""
    return find_pose(skull) if settings.temporal_bulk_ml else None


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
