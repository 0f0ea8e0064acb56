"""A piece in several segments, each finished for its own way in past the segments that are in place before it."""

from __future__ import annotations

import numpy as np

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.box import foreground_box
from CraNeXtLib.geometry.components import labeled
from CraNeXtLib.geometry.fairing import FairSurface
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.finishing.cleaning import SPECKS_MM3
from CraNeXtLib.implant.finishing.finished_implant import FinishedPiece
from CraNeXtLib.implant.finishing.fixation import Anchorage
from CraNeXtLib.implant.finishing.joints import Joints, joints_of
from CraNeXtLib.implant.finishing.marking import mark
from CraNeXtLib.implant.finishing.piece import finish_piece, insertion_direction
from CraNeXtLib.implant.finishing.segment import Segment
from CraNeXtLib.implant.finishing.segment_settings import SegmentSettings
from CraNeXtLib.implant.finishing.settings import FinishSettings
from CraNeXtLib.implant.outward import outward_direction


def finish_segments(
    piece: Volume,
    bone: Volume,
    head: FairSurface,
    settings: FinishSettings,
    segments: SegmentSettings,
    anchorage: Anchorage | None,
) -> list[tuple[Volume, FinishedPiece, list[str]]]:
    """Return field, description and warnings of each segment of a piece, in the order of insertion.

    Args:
        piece: Mask of the piece.
        bone: Mask of the skull and of the other pieces, of the same geometry.
        head: The fair surface of all of them together.
        settings: How each is finished.
        segments: How the piece is split.
        anchorage: What the segments are fixed to, if they are.

    Raises:
        InputError: If the piece cannot be split like that, or nothing is left of a segment.
    """
    joints = joints_of(piece, outward_direction(piece, bone), segments, settings)
    later = [_mask(piece, joints, number) for number in range(1, segments.count)]
    joints = joints.along([insertion_direction(mask, bone, settings) for mask in later])
    masks = [_mask(piece, joints, number) for number in range(segments.count)]
    occupied = bone.voxels.copy()
    done: list[tuple[Volume, FinishedPiece, list[str]]] = []
    for number, mask in enumerate(masks):
        obstacles = bone.with_voxels(occupied.copy())
        segment = Segment(number, joints, mask, obstacles, tuple(part for part, _, _ in done))
        done.append(finish_piece(piece, bone, head, settings, anchorage, segment))
        part, finished, _ = done[-1]
        if not finished.parts:
            raise InputError(
                f"Finishing leaves nothing of segment {number + 1}; choose fewer --segments, or reduce the clearance "
                "or the edge radius."
            )
        mark(part, occupied, bone)
    return done


def _mask(piece: Volume, joints: Joints, number: int) -> Volume:
    """Return the mask of a segment.

    Raises:
        InputError: If it is not in one part.
    """
    box = foreground_box(piece.voxels)
    part = piece.crop(box)
    chosen = part.voxels & (joints.segment(number, part) < 0)
    _, sizes = labeled(chosen, corners=True)
    parts = int((sizes[1:] * piece.voxel_volume_mm3 >= SPECKS_MM3).sum())
    if parts != 1:
        raise InputError(
            f"Segment {number + 1} of the implant would be {parts} separate parts, because of its outline or its "
            "holes; choose another number of --segments."
        )
    voxels = np.zeros(piece.shape, bool)
    voxels[box] = chosen
    return piece.with_voxels(voxels)
