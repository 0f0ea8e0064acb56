"""How close an implant is to its reference: overlap, border overlap and surface distances, as the field computes them.

Every function takes volumes and measures in millimetres along their axes. ``units="voxels"`` reproduces scripts that
leave the spacing out, among them the defaults of the AutoImplant organisers.

Empty implants are counted, never dropped: two empty masks agree (overlap 1, distance 0), one empty mask is a failure
(overlap 0, distance infinite). ``empty="organisers"`` reproduces the challenge's scripts instead: the overlap of two
empty masks is 0 and a distance to an empty mask raises.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.spatial import cKDTree

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.box import Box, enclosing_box, foreground_box
from CraNeXtLib.geometry.mask import border, check_same_geometry, mask, surface_indices
from CraNeXtLib.geometry.volume import Volume

Units = Literal["mm", "voxels"]
EmptyPolicy = Literal["counted", "organisers"]


@dataclass(frozen=True)
class Confusion:
    """Voxels on which prediction and reference agree or not, in the whole field of view.

    The paper's Equations 1-4. The false positive rate depends on how much background the volume holds, so it means
    something only together with ``field_of_view_ml`` (the paper's tables count the whole 512³ volume of SkullBreak).
    """

    true_positive: int
    false_positive: int
    false_negative: int
    true_negative: int
    voxel_volume_mm3: float

    @property
    def fnr(self) -> float:
        """False negative rate, FN / (FN + TP), Equation 7; 0 for an empty reference, which leaves nothing to miss."""
        return _ratio(self.false_negative, self.false_negative + self.true_positive, otherwise=0.0)

    @property
    def fpr(self) -> float:
        """False positive rate, FP / (FP + TN), Equation 7."""
        return _ratio(self.false_positive, self.false_positive + self.true_negative, otherwise=0.0)

    @property
    def precision(self) -> float:
        """TP / (TP + FP); of an empty prediction 1 where the reference is empty too, else 0."""
        return _ratio(
            self.true_positive, self.true_positive + self.false_positive, otherwise=float(self.false_negative == 0)
        )

    @property
    def dsc(self) -> float:
        """Dice similarity coefficient (Equation 5); 1 where both masks are empty."""
        return _dice(self.true_positive, self.false_positive + self.false_negative, "counted")

    @property
    def prediction_ml(self) -> float:
        """Volume of the prediction, in mL."""
        return (self.true_positive + self.false_positive) * self.voxel_volume_mm3 / 1000

    @property
    def reference_ml(self) -> float:
        """Volume of the reference, in mL."""
        return (self.true_positive + self.false_negative) * self.voxel_volume_mm3 / 1000

    @property
    def false_positive_ml(self) -> float:
        """Volume of implant where there should be none, in mL."""
        return self.false_positive * self.voxel_volume_mm3 / 1000

    @property
    def false_negative_ml(self) -> float:
        """Volume of missing implant, in mL."""
        return self.false_negative * self.voxel_volume_mm3 / 1000

    @property
    def field_of_view_ml(self) -> float:
        """Volume that the false positive rate counts, in mL."""
        voxels = self.true_positive + self.false_positive + self.false_negative + self.true_negative
        return voxels * self.voxel_volume_mm3 / 1000


@dataclass(frozen=True)
class SurfaceDistances:
    """Distances between two point sets, from each to the nearest point of the other (Equations 8-10).

    Args:
        from_prediction: Distance of every prediction point to the reference, shape (N,).
        from_reference: Distance of every reference point to the prediction, shape (M,).
        agreed_empty: Both sets are empty; every distance is then 0. One empty set makes every distance infinite.
    """

    from_prediction: np.ndarray
    from_reference: np.ndarray
    agreed_empty: bool = False

    @property
    def hausdorff(self) -> float:
        """The largest distance, dH (Equation 9)."""
        return self.percentile(100)

    def percentile(self, q: float) -> float:
        """Return a percentile of the pooled distances, linearly interpolated; dH95 is ``percentile(95)``.

        This is the organisers' and MedPy's dH95; MONAI takes the larger of two percentiles instead.
        """
        return self._of_pooled(lambda pooled: np.percentile(pooled, q))

    @property
    def mean(self) -> float:
        """Mean of the pooled distances, the average symmetric surface distance (Heimann et al. 2009)."""
        return self._of_pooled(np.mean)

    def _of_pooled(self, statistic) -> float:
        if self.agreed_empty:
            return 0.0
        if not self.from_prediction.size or not self.from_reference.size:
            return float("inf")
        return float(statistic(np.concatenate([self.from_prediction, self.from_reference])))


def confusion(prediction: Volume, reference: Volume) -> Confusion:
    """Count the voxels on which two masks agree and differ.

    Raises:
        InputError: If the volumes do not share their geometry.
    """
    check_same_geometry(prediction, reference)
    box = _union_box(prediction, reference)
    p, g = (mask(volume.crop(box)) for volume in (prediction, reference))
    both, predicted, wanted = (int(np.count_nonzero(x)) for x in (p & g, p, g))
    return Confusion(
        true_positive=both,
        false_positive=predicted - both,
        false_negative=wanted - both,
        true_negative=int(np.prod(prediction.shape)) - predicted - wanted + both,
        voxel_volume_mm3=prediction.voxel_volume_mm3,
    )


def dice(prediction: Volume, reference: Volume, *, empty: EmptyPolicy = "counted") -> float:
    """Return the Dice similarity coefficient, DSC (Equation 5).

    Raises:
        InputError: If the volumes do not share their geometry.
    """
    counts = confusion(prediction, reference)
    return _dice(counts.true_positive, counts.false_positive + counts.false_negative, empty)


def border_dice(
    prediction: Volume,
    reference: Volume,
    skull: Volume,
    *,
    distance: float = 10.0,
    units: Units = "mm",
    empty: EmptyPolicy = "counted",
) -> float:
    """Return the Dice coefficient of the two implants' voxels near the defective skull, bDSC (Equation 6).

    Args:
        prediction: Mask of the implant.
        reference: Mask of the implant that should have been made.
        skull: Mask of the defective skull.
        distance: Greatest distance from the skull's voxels at which a voxel belongs to the border.
        units: Of the distance. The published figures use 10 mm; the organisers' default is 10 voxels.
        empty: What two empty borders give.

    Raises:
        InputError: If the volumes do not share their geometry, or the skull is empty.
    """
    check_same_geometry(prediction, reference, skull)
    spacing = scaled_spacing(prediction, units)
    margin = np.ceil(distance / spacing).astype(int) + 1
    box = _union_box(prediction, reference, margin=tuple(margin))
    p, g, d = (mask(volume.crop(box)) for volume in (prediction, reference, skull))
    if not d.any() and not mask(skull).any():
        raise InputError("The defective skull is empty; give the skull that the implant is made for.")
    voxels = np.argwhere(p | g)
    at = tuple(voxels.T)
    near = d[at]
    near[~near] = _within(voxels[~near], np.argwhere(border(d)), spacing, distance)
    p, g = p[at] & near, g[at] & near
    return _dice(int(np.count_nonzero(p & g)), int(np.count_nonzero(p ^ g)), empty)


def surface_distances(
    prediction: Volume, reference: Volume, *, units: Units = "mm", empty: EmptyPolicy = "counted"
) -> SurfaceDistances:
    """Measure the distances between the surface voxels of two masks.

    A surface voxel has a face neighbour outside the mask; voxels on the volume's edge are surface.

    Raises:
        InputError: If the volumes do not share their geometry; for ``empty="organisers"`` also if a mask is empty.
    """
    check_same_geometry(prediction, reference)
    spacing = scaled_spacing(prediction, units)
    return point_distances(surface_indices(prediction) * spacing, surface_indices(reference) * spacing, empty=empty)


def point_distances(
    prediction: np.ndarray, reference: np.ndarray, *, empty: EmptyPolicy = "counted"
) -> SurfaceDistances:
    """Measure the distances between two sets of points of shape (N, 3) and (M, 3).

    Raises:
        InputError: For ``empty="organisers"``, if a set is empty.
    """
    if not len(prediction) or not len(reference):
        if empty == "organisers":
            raise InputError("An implant is empty, and the organisers define no distance to it.")
        distances = (np.full(len(points), np.inf) for points in (prediction, reference))
        return SurfaceDistances(*distances, agreed_empty=len(prediction) == len(reference))
    return SurfaceDistances(
        cKDTree(reference).query(prediction)[0],
        cKDTree(prediction).query(reference)[0],
    )


def scaled_spacing(volume: Volume, units: Units) -> np.ndarray:
    """Return the spacing that distances are measured with, shape (3,)."""
    if units == "voxels":
        return np.ones(3)
    # The columns of a turned affine give 0.4 mm only to the last bit but one, which moves voxels over a border.
    spacing, written = volume.spacing, np.round(volume.spacing, 6)
    return np.where(np.abs(spacing - written) < 1e-12, written, spacing)


def _within(voxels: np.ndarray, targets: np.ndarray, spacing: np.ndarray, distance: float) -> np.ndarray:
    """Tell for each voxel index, shape (N, 3), whether a target lies no further than the distance.

    Blocks of voxels that lie wholly within or beyond the distance are decided at once; what remains is searched in
    blocks of half the size.
    """
    near = np.zeros(len(voxels), dtype=bool)
    if not len(voxels) or not len(targets):
        return near
    tree = cKDTree(targets * spacing)
    open_voxels = np.arange(len(voxels))
    for size in (8, 4, 2, 1):
        grid = voxels.max(axis=0) // size + 1
        ids, member = np.unique(np.ravel_multi_index((voxels[open_voxels] // size).T, grid), return_inverse=True)
        centres = np.stack(np.unravel_index(ids, grid), axis=1) * size + (size - 1) / 2
        half = np.linalg.norm((size - 1) / 2 * spacing) + 1e-9
        centre_distances = tree.query(centres * spacing)[0][member]
        near[open_voxels[centre_distances <= distance - half]] = True
        open_voxels = open_voxels[np.abs(centre_distances - distance) < half]
    # Voxels at the distance but for rounding: at 0.4 mm the step (25, 0, 0) is 10 mm and (24, 7, 0) 2e-15 mm more. What
    # counts is any target within the distance as scipy's distance transform, the organisers' tool, computes it.
    for index, found in zip(
        open_voxels, tree.query_ball_point(voxels[open_voxels] * spacing, distance + half), strict=True
    ):
        steps = (targets[found] - voxels[index]) * spacing
        near[index] = bool((np.sqrt(steps[:, 0] ** 2 + steps[:, 1] ** 2 + steps[:, 2] ** 2) <= distance).any())
    return near


def _union_box(*volumes: Volume, margin: int | tuple[int, int, int] = 0) -> Box:
    boxes = [foreground_box(mask(v)) for v in volumes if mask(v).any()]
    if not boxes:
        return (slice(0, 1),) * 3
    margins = np.broadcast_to(margin, 3).tolist()
    return tuple(
        slice(max(side.start - more, 0), side.stop + more)
        for side, more in zip(enclosing_box(boxes), margins, strict=True)
    )


def _dice(both: int, differing: int, empty: EmptyPolicy) -> float:
    return _ratio(2 * both, 2 * both + differing, otherwise=0.0 if empty == "organisers" else 1.0)


def _ratio(part: float, whole: float, *, otherwise: float) -> float:
    return part / whole if whole else otherwise
