"""Which of the places where bone seems to be missing get an implant: all but the doubtful ones, or those chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import ndimage

from CraNeXtLib.anatomy.categorization.defect_location import DefectAnalysis, analyze_defect
from CraNeXtLib.anatomy.head.pose import HeadPose
from CraNeXtLib.anatomy.head.scanned_box import scanned_box
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.box import box_from
from CraNeXtLib.geometry.components import pieces_of
from CraNeXtLib.geometry.lattice import on_box
from CraNeXtLib.geometry.mask import holds
from CraNeXtLib.geometry.volume import Volume

ALL_DEFECTS = "all"

# From three SkullFix skulls without the bone thinner than 5 mm, which MRI and high thresholds do not show.
# Their seven false pieces had up to 12.7 mL, 19 % of the true one, and were 2.7 to 5.9 mm thick; but for one, 49 to
# 74 % of them was open on the other side, too. Burr holes and second craniectomies are thicker, larger, or not alike.
_MOST_ML = 15.0
_MOST_OF_LARGEST = 0.3
_THIN_MM = 6.0
_LEAST_ALIKE = 0.4
_FAR_MM = 3.0  # Bone closer than this counts as bone at the place, since no head is quite symmetric.
_MOST_BEYOND_SCAN = 0.5


@dataclass(frozen=True)
class FoundDefect:
    """A place where the complete skull has bone and the defective one has none.

    Attributes:
        number: From 1, the largest first.
        centre_ras_mm: Center of the missing bone.
        location: Its regions, side and size.
        doubt: Why it may be no defect, as a clause; None if there is no doubt.
        made: Whether the implant fills it.
    """

    number: int
    centre_ras_mm: tuple[float, ...]
    location: DefectAnalysis
    doubt: str | None
    made: bool

    def __str__(self) -> str:
        place = ", ".join(f"{coordinate:.0f}" for coordinate in self.centre_ras_mm)
        found = self.location
        return f"defect {self.number} ({found.side}, {found.main_region}, {found.volume_ml:.1f} mL, at RAS {place} mm)"

    def as_dict(self) -> dict[str, Any]:
        """Return the entry of ``found_defects`` in ``result.json``."""
        location = {name: getattr(self.location, name) for name in ("side", "main_region", "volume_ml")}
        place = {"number": self.number, "centre_ras_mm": list(self.centre_ras_mm)}
        return {**place, **location, "doubt": self.doubt, "made": self.made}


def parse_defects(text: str) -> tuple[int, ...] | str:
    """Return the defects that a text chooses: their numbers, or ``"all"``.

    Raises:
        InputError: If it is neither.

    >>> parse_defects("3, 1")
    (1, 3)
    """
    if text.strip().lower() == ALL_DEFECTS:
        return ALL_DEFECTS
    numbers = [part.strip() for part in text.split(",")]
    if not all(number.isdecimal() and int(number) > 0 for number in numbers):
        raise InputError(f"--defects {text} chooses no defects; give their numbers, such as 1,2, or 'all'.")
    return tuple(sorted({int(number) for number in numbers}))


def find_defects(
    implant: Volume, skull: Volume, pose: HeadPose, chosen: Sequence[int] | str | None = None
) -> tuple[list[Volume], tuple[FoundDefect, ...]]:
    """Tell the defects that an implant fills from places that are open for another reason.

    Bone that is thin or porous alike on both sides, or lies beyond the edge of the scan, is rarely a defect. The
    largest piece is never doubtful.

    Args:
        implant: Mask of all that seems to be missing, not empty.
        skull: Mask of the defective skull, of the same geometry.
        pose: Pose of the template on the skull.
        chosen: Numbers of the defects to make, ``"all"``, a text for :func:`parse_defects`, or None for those that are
            not doubtful.

    Returns:
        The missing bone of each place, cropped to it, the largest first, and what is known of it.

    Raises:
        InputError: If a number is chosen that no defect has.
    """
    pieces = pieces_of(implant)
    numbers = range(1, len(pieces) + 1)
    wanted = None if chosen is None else _wanted(chosen, numbers)
    doubts = [None, *(_doubt(piece, pieces[0], skull, pose) for piece in pieces[1:])]
    return pieces, tuple(
        _described(number, piece, pose, doubt, made=doubt is None if wanted is None else number in wanted)
        for number, piece, doubt in zip(numbers, pieces, doubts, strict=True)
    )


def with_pieces(implant: Volume, pieces: Sequence[Volume]) -> Volume:
    """Return a mask of an implant's geometry that holds only these pieces of it."""
    voxels = np.zeros(implant.shape, bool)
    for piece in pieces:
        start = np.rint(implant.to_indices(piece.to_ras(np.zeros((1, 3))))[0]).astype(int)
        voxels[box_from(start, start + piece.shape)] |= piece.voxels
    return implant.with_voxels(voxels)


def choice_warnings(found: Sequence[FoundDefect]) -> list[str]:
    """Return what the user should know about doubtful defects and about those not made, as sentences."""
    every = ",".join(str(defect.number) for defect in found)
    sentences = []
    for doubt in dict.fromkeys(defect.doubt for defect in found):
        alike = [defect for defect in found if defect.doubt == doubt]
        left_out, made = ("; ".join(str(defect) for defect in alike if defect.made == flag) for flag in (False, True))
        if left_out:
            why = f", because {doubt}" if doubt else ""
            sentences.append(f"Not made{why}: {left_out}. Look there, and choose --defects {every} to make all.")
        if made and doubt:
            sentences.append(f"Made as chosen, although {doubt}: {made}. Look there.")
    return sentences


def _described(number: int, piece: Volume, pose: HeadPose, doubt: str | None, *, made: bool) -> FoundDefect:
    centre = piece.to_ras(np.argwhere(piece.voxels)).mean(axis=0).round(1)
    return FoundDefect(number, tuple(centre.tolist()), analyze_defect(piece, pose), doubt, made)


def _wanted(chosen: Sequence[int] | str, numbers: range) -> set[int]:
    """Return the numbers that are chosen, each of which must exist."""
    wanted = parse_defects(chosen) if isinstance(chosen, str) else chosen
    if isinstance(wanted, str):
        return set(numbers)
    unknown = set(wanted) - set(numbers)
    if unknown:
        has = "one defect" if len(numbers) == 1 else f"{len(numbers)} defects"
        raise InputError(
            f"--defects {min(unknown)} cannot be made: this skull has {has}; choose among 1 to {len(numbers)}."
        )
    return set(wanted)


def _doubt(piece: Volume, largest: Volume, skull: Volume, pose: HeadPose) -> str | None:
    """Return why a piece may fill no defect, as a clause, or None."""
    points = piece.to_ras(np.argwhere(piece.voxels))
    if _beyond_scan(points, skull) > _MOST_BEYOND_SCAN:
        return "most of it lies beyond the edge of the scan"
    small = _ml(piece) <= min(_MOST_ML, _MOST_OF_LARGEST * _ml(largest))
    if small and _thickness_mm(piece) <= _THIN_MM and _alike(points, largest, skull, pose) >= _LEAST_ALIKE:
        return "thin bone is missing on the other side, too"
    return None


def _ml(piece: Volume) -> float:
    return float(np.count_nonzero(piece.voxels) * piece.voxel_volume_mm3 / 1000)


def _beyond_scan(points: np.ndarray, skull: Volume) -> float:
    """Return the fraction of points that lie beyond the edge of the scan."""
    indices = np.rint(skull.to_indices(points))
    scan = scanned_box(skull)
    inside = (indices >= [side.start for side in scan]) & (indices < [side.stop for side in scan])
    return float(1 - inside.all(axis=1).mean())


def _thickness_mm(piece: Volume) -> float:
    """Return the thickness of a plate: four times the mean distance of its points to its surface."""
    depths = ndimage.distance_transform_edt(np.pad(piece.voxels, 1), sampling=piece.spacing)
    depths = depths[depths > 0] - piece.spacing.min() / 2  # from the faces of the voxels, not from their neighbors
    return 4 * float(depths.mean())


def _alike(points: np.ndarray, largest: Volume, skull: Volume, pose: HeadPose) -> float:
    """Return the fraction of the points far from bone that are so at the other side, too, but not in the largest piece.

    That is a defect, which tells nothing of how thin the bone is by nature.
    """
    far = _far_from_bone(points, skull)
    if not far.any():
        return 0.0
    opposite = pose.mirrored_points(points[far])
    return float((_far_from_bone(opposite, skull) & ~holds(largest, opposite)).mean())


def _far_from_bone(points: np.ndarray, skull: Volume) -> np.ndarray:
    """Return which points are farther than ``_FAR_MM`` from bone, as bool of shape (N,)."""
    indices = np.rint(skull.to_indices(points)).astype(int)
    margin = np.ceil(_FAR_MM / skull.spacing).astype(int) + 1
    around = on_box(skull, box_from(indices.min(axis=0) - margin, indices.max(axis=0) + margin + 1))
    depths = ndimage.distance_transform_edt(~around.voxels, sampling=skull.spacing)
    far: np.ndarray = depths[tuple((indices - indices.min(axis=0) + margin).T)] > _FAR_MM
    return far
