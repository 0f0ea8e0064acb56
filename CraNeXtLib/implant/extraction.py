"""From the complete skull to the implant: what the defective skull lacks, without the model's errors elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.box import Box, box_from, foreground_box
from CraNeXtLib.geometry.components import components_with, largest_component, without_cavities
from CraNeXtLib.geometry.morphology import any_in_blocks, dilated, dilated_mm, eroded
from CraNeXtLib.geometry.volume import Volume

POSTPROCESSING = ("default", "official")


@dataclass(frozen=True, kw_only=True)
class Cleaning:
    """How the difference between the complete and the defective skull becomes an implant.

    A model's complete skull never lies exactly on the defective one: their difference is the implant and a thin skin
    on most of the remaining bone. Thickness cannot tell the two apart, since the temporal bone may be as thin as the
    skin. Distance from the remaining bone can: most of a plate across a hole is far from bone, and the skin never is.

    Args:
        skin_mm: Distance from the remaining bone up to which a model's surplus counts as skin. Parts of a defect that
            are narrower than twice this are filled only beside a wider part.
        gap_mm: A piece belongs to the implant only if it reaches farther than this from the remaining bone. The
            smallest round defect that gets an implant is about twice as wide.
        minimum_volume_mm3: Smaller pieces are dropped.

    Raises:
        InputError: Unless 0 <= skin_mm <= gap_mm.
    """

    skin_mm: float = 1.5
    gap_mm: float = 3.0
    minimum_volume_mm3: float = 500.0

    def __post_init__(self) -> None:
        if not 0 <= self.skin_mm <= self.gap_mm:
            raise InputError("The cleaning settings must satisfy 0 <= skin_mm <= gap_mm.")


def extract_implant(
    defective: Volume,
    complete: Volume,
    *,
    postprocessing: str = "default",
    threshold: float = 0.5,
    cleaning: Cleaning | None = None,
) -> Volume:
    """Return the implant that turns the defective skull into the complete one.

    Args:
        defective: Mask of the defective skull.
        complete: Mask or probability of the complete skull, of the same geometry.
        postprocessing: ``"official"`` is the paper's (see ``official_postprocessing``), which deletes thin plates and
            keeps a single piece. ``"default"`` keeps every piece that fills a gap, however thin (see
            ``clean_implant``).
        threshold: Lowest value of ``complete`` that counts as bone.
        cleaning: Settings of the default postprocessing.

    Returns:
        Boolean mask of the same geometry that shares no voxel with the defective skull; empty if nothing is missing.

    Raises:
        InputError: If the geometries differ or the postprocessing is unknown.
    """
    if postprocessing not in POSTPROCESSING:
        raise InputError(f"Postprocessing '{postprocessing}' is unknown; choose {' or '.join(POSTPROCESSING)}.")
    if not defective.has_geometry_of(complete):
        raise InputError("The complete and the defective skull differ in geometry; resample one onto the other.")
    bone = defective.voxels != 0
    missing = complete.voxels >= threshold
    missing &= ~bone
    if postprocessing == "official":
        return defective.with_voxels(official_postprocessing(missing))
    return defective.with_voxels(clean_implant(missing, bone, defective.spacing, cleaning or Cleaning()))


def official_postprocessing(missing: np.ndarray) -> np.ndarray:
    """Return the largest component of the mask after two erosions, dilated twice, as the paper's test script does.

    Erosion and dilation use 6 neighbors and leave the edge of the array alone, as scikit-image does; the component
    uses 26. This deletes plates thinner than five voxels. If nothing is left, the script returns the whole volume, and
    this function an empty mask.

    Source: section III.C of the paper and ``test.py`` of the published code.

    Args:
        missing: Boolean array of shape (I, J, K): complete and not defective skull.
    """
    implant = np.zeros(missing.shape, bool)
    if not missing.any():
        return implant
    box = foreground_box(missing, margin=1)  # The erosion needs to see one voxel beyond the box.
    core = eroded(eroded(np.ascontiguousarray(missing[box])))
    if core.any():
        core_box = foreground_box(core)
        core[core_box] = largest_component(core[core_box], corners=True)
        implant[box] = dilated(dilated(core))
    return implant


def clean_implant(missing: np.ndarray, bone: np.ndarray, spacing: np.ndarray, cleaning: Cleaning) -> np.ndarray:
    """Return the pieces of a mask that fill gaps in the bone, without the skin on the bone, their cavities filled.

    This is an opening by reconstruction, in millimeters. It opens the space between the bone and not the mask, so that
    plates of any thickness stay.

    Args:
        missing: Boolean array of shape (I, J, K): complete and not defective skull.
        bone: Defective skull, of the same shape.
        spacing: Voxel spacing in mm, shape (3,); the voxel axes are taken to be perpendicular.
        cleaning: The settings.
    """
    implant = np.zeros(missing.shape, bool)
    box = _box_of_gaps(missing, bone, spacing, cleaning)
    if box is None:
        return implant
    missing, bone = np.ascontiguousarray(missing[box]), np.ascontiguousarray(bone[box])
    near = dilated_mm(bone, spacing, cleaning.skin_mm) | dilated(bone)
    core = missing & ~near
    core = components_with(core, core & ~dilated_mm(bone, spacing, cleaning.gap_mm))
    reach = dilated(dilated_mm(core, spacing, cleaning.skin_mm), corners=True)
    pieces = core | (missing & reach)
    least = cleaning.minimum_volume_mm3 / np.prod(spacing)
    implant[box] = without_cavities(components_with(pieces, pieces & near, least=least)) & ~bone
    return implant


def _box_of_gaps(missing: np.ndarray, bone: np.ndarray, spacing: np.ndarray, cleaning: Cleaning) -> Box | None:
    """Return a box that holds every piece of the implant and the bone around it, found on blocks of up to 1 mm.

    Returns:
        None if there is no piece.
    """
    if not missing.any():
        return None
    margin = np.ceil((cleaning.gap_mm + 3 * cleaning.skin_mm) / spacing).astype(int) + 2
    box = foreground_box(missing, margin=tuple(margin))
    block = np.maximum(1, (1 / spacing).astype(int))
    side = spacing * block
    blocks, bone_blocks = any_in_blocks(missing[box], block), any_in_blocks(bone[box], block)
    core = blocks & ~dilated_mm(bone_blocks, side, cleaning.skin_mm)
    deep = core & ~dilated_mm(bone_blocks, side, cleaning.gap_mm - side.max())
    # Most of a piece lies near bone and is no core, so a core may be a quarter of the smallest piece.
    core = components_with(core, deep, least=cleaning.minimum_volume_mm3 / 4 / np.prod(side))
    if not core.any():
        return None
    found = foreground_box(core, margin=tuple(np.ceil(margin / block).astype(int)))
    start = np.array([side.start for side in box])
    stop = start + block * [part.stop for part in found]
    return box_from(start + block * [part.start for part in found], np.minimum(stop, [side.stop for side in box]))
