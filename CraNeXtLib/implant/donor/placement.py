"""Where a donor, the skull before its craniectomy, lies on the defective skull, and how well the two agree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from CraNeXtLib.anatomy.head.alignment import align_surfaces
from CraNeXtLib.anatomy.head.bone_surface import Surface, bone_surface
from CraNeXtLib.anatomy.head.landmarks import skull_frame
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.volume import Volume

DONOR_LIMIT_MM = 2.0
"""Largest 95th percentile of the distance between the bones of donor and skull, unless a voxel of theirs is larger.

Ours and NOT VALIDATED CLINICALLY. Masks of thick slices end in steps as high as these.
"""

_FROM_IMPLANT_MM = 5.0  # The rim of the hole is a surface that the donor does not have.
_LEAST_POINTS = 500
_PARTNER_MM = 8.0  # A partner farther away, or whose normal differs, is another surface.


@dataclass(frozen=True, eq=False)
class PlacedDonor:
    """A donor where it lies on the defective skull.

    Attributes:
        bone: Its mask with the affine of its place; the voxels are its own.
        rms_mm: Root mean square of the distance from the skull's surface to the donor's, in mm.
        p95_mm: The 95th percentile of that distance.
        compared_percent: How much of the surface of the skull's vault was compared.
        limit_mm: The largest 95th percentile that was allowed.
    """

    bone: Volume
    rms_mm: float
    p95_mm: float
    compared_percent: float
    limit_mm: float


def place_donor(donor: Volume, skull: Volume, implant: Volume, *, to_upright: np.ndarray | None = None) -> PlacedDonor:
    """Register a donor rigidly to the defective skull of the same patient, on the bone that both have.

    The residual is measured on the vault, since the jaw moves, and neither at the hole nor where the donor was not
    scanned: along the normal, so that points 2 mm apart on one surface do not count as apart.

    Args:
        donor: Mask of the skull before the craniectomy, of any geometry.
        skull: Mask of the defective skull.
        implant: Mask of an implant for it, of the skull's geometry.
        to_upright: Rotation from the skull's RAS axes to the head's own, shape (3, 3); by default it is upright.

    Raises:
        InputError: If the masks hold no bone, hardly any bone is in both, or they do not agree within the limit.
    """
    moving, fixed = bone_surface(donor), bone_surface(skull)
    motion = align_surfaces(moving, fixed, kind="rigid").matrix
    affine = motion @ donor.affine
    affine[3] = (0, 0, 0, 1)  # which rounding may have changed
    upright = np.eye(3) if to_upright is None else to_upright
    vault = (fixed.points @ upright.T)[:, 2] > skull_frame(skull, upright).base
    compared = Surface(fixed.points[vault], fixed.normals[vault])
    limit_mm = max(DONOR_LIMIT_MM, float(donor.spacing.max()), float(skull.spacing.max()))
    residual = _residual(moving.moved(motion), compared, implant)
    placed = PlacedDonor(Volume(donor.voxels, affine), *residual, limit_mm)
    if placed.p95_mm > limit_mm:
        raise InputError(
            f"The --donor does not match the skull: 95 % of the vault lie within {placed.p95_mm:.1f} mm of it, where "
            f"{limit_mm:g} mm are allowed; check that it is the same patient, or leave it out."
        )
    return placed


def _residual(donor: Surface, vault: Surface, implant: Volume) -> tuple[float, float, float]:
    """Return RMS, 95th percentile in mm, and the percentage of the vault's surface that was compared."""
    beside = _distance_to(implant, vault.points) > _FROM_IMPLANT_MM
    both = _within(vault.points, donor.points) & beside
    if both.sum() < _LEAST_POINTS:
        raise InputError("The --donor and the skull have hardly any bone in common; choose a scan of the whole vault.")
    compared = Surface(vault.points[both], vault.normals[both])
    apart, partners = cKDTree(donor.features()).query(compared.features())
    along = np.abs(np.sum(compared.normals * (donor.points[partners] - compared.points), axis=1))
    distances = np.where(apart < _PARTNER_MM, along, apart)
    return (
        float(np.sqrt(np.mean(distances**2))),
        float(np.percentile(distances, 95)),
        100 * float(both.sum() / max(beside.sum(), 1)),
    )


def _within(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return which points lie in the box of others."""
    return ((points >= others.min(axis=0)) & (points <= others.max(axis=0))).all(axis=1)


def _distance_to(mask: Volume, points: np.ndarray) -> np.ndarray:
    """Return the distance of RAS points from a mask, in mm, as far as its volume reaches; infinite outside of it."""
    away = ndimage.distance_transform_edt(~mask.voxels, sampling=mask.spacing)
    indices = mask.to_indices(points).T
    return ndimage.map_coordinates(away, indices, order=1, mode="constant", cval=np.inf)
