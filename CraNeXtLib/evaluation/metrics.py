"""How close an implant is to its reference: overlap, border overlap and surface distances, as the field computes them.

All functions take volumes and measure in millimeters along their axes. ``units="voxels"`` reproduces scripts that
ignore the spacing, among them the defaults of the AutoImplant organizers.

Empty implants are counted, never dropped: two empty masks agree (overlap 1, distance 0), and one empty mask is a
failure (overlap 0, distance infinite). ``empty="organisers"`` reproduces the challenge's scripts instead: the overlap
of two empty masks is 0, and a distance to an empty mask raises InputError.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy.spatial import cKDTree

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.box import Box, box_from, enclosing_box, foreground_box
from CraNeXtLib.geometry.mask import border, check_same_geometry, mask, surface_indices
from CraNeXtLib.geometry.volume import Volume

Units = Literal["mm", "voxels"]
EmptyPolicy = Literal["counted", "organisers"]


@dataclass(frozen=True)
class Confusion:
    """Numbers of voxels on which prediction and reference agree and differ, in the whole field of view.

    These are the paper's Equations 1 to 4. The false positive rate depends on how much background the volume holds, so
    it has a meaning only together with ``field_of_view_ml``; the paper's tables count the whole 512³ volume of
    SkullBreak.

    >>> counts = Confusion(true_positive=6, false_positive=2, false_negative=2, true_negative=990, voxel_volume_mm3=0.5)
    >>> counts.dsc, counts.fnr, counts.precision
    (0.75, 0.25, 0.75)
    """

    true_positive: int
    false_positive: int
    false_negative: int
    true_negative: int
    voxel_volume_mm3: float

    @property
    def fnr(self) -> float:
        """False negative rate, FN / (FN + TP), Equation 7; 0 if the reference is empty and nothing can be missed."""
        return _ratio(self.false_negative, self.false_negative + self.true_positive, otherwise=0.0)

    @property
    def fpr(self) -> float:
        """False positive rate, FP / (FP + TN), Equation 7."""
        return _ratio(self.false_positive, self.false_positive + self.true_negative, otherwise=0.0)

    @property
    def precision(self) -> float:
        """Precision, TP / (TP + FP). For an empty prediction it is 1 if the reference is empty too, and 0 otherwise."""
        return _ratio(
            self.true_positive, self.true_positive + self.false_positive, otherwise=float(self.false_negative == 0)
        )

    @property
    def dsc(self) -> float:
        """Dice similarity coefficient, Equation 5; 1 if both masks are empty."""
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
        """Volume of the prediction outside the reference, in mL."""
        return self.false_positive * self.voxel_volume_mm3 / 1000

    @property
    def false_negative_ml(self) -> float:
        """Volume of the reference outside the prediction, in mL."""
        return self.false_negative * self.voxel_volume_mm3 / 1000

    @property
    def field_of_view_ml(self) -> float:
        """Volume of the whole image, which the false positive rate counts, in mL."""
        voxels = self.true_positive + self.false_positive + self.false_negative + self.true_negative
        return voxels * self.voxel_volume_mm3 / 1000


@dataclass(frozen=True)
class SurfaceDistances:
    """Distances between two point sets, from each point to the nearest one of the other set (Equations 8 to 10).

    Args:
        from_prediction: Distance of every point of the prediction to the reference, shape (N,).
        from_reference: Distance of every point of the reference to the prediction, shape (M,).
        agreed_empty: Whether both sets are empty, so that every distance is 0. If only one set is empty, every distance
            is infinite.

    >>> distances = SurfaceDistances(np.array([0.0, 1.0]), np.array([1.0, 4.0]))
    >>> distances.hausdorff, distances.mean
    (4.0, 1.5)
    """

    from_prediction: np.ndarray
    from_reference: np.ndarray
    agreed_empty: bool = False

    @property
    def hausdorff(self) -> float:
        """Hausdorff distance dH, the largest distance (Equation 9)."""
        return self.percentile(100)

    def percentile(self, q: float) -> float:
        """Return a percentile of the pooled distances, linearly interpolated; dH95 is ``percentile(95)``.

        This is dH95 as the organizers and MedPy define it; MONAI takes the larger of two percentiles instead.
        """
        return self._of_pooled(lambda pooled: np.percentile(pooled, q))

    @property
    def mean(self) -> float:
        """Average symmetric surface distance, the mean of the pooled distances (Heimann et al. 2009)."""
        return self._of_pooled(np.mean)

    def _of_pooled(self, statistic: Callable[[np.ndarray], Any]) -> float:
        if self.agreed_empty:
            return 0.0
        if not self.from_prediction.size or not self.from_reference.size:
            return float("inf")
        return float(statistic(np.concatenate([self.from_prediction, self.from_reference])))


def confusion(prediction: Volume, reference: Volume) -> Confusion:
    """Count the voxels on which two masks agree and differ.

    Raises:
        InputError: If the geometries differ.
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

    >>> prediction = Volume(np.array([[[1, 1, 1, 0]]]), np.eye(4))
    >>> dice(prediction, prediction.with_voxels(np.array([[[0, 1, 1, 1]]])))
    0.6666666666666666

    Raises:
        InputError: If the geometries differ.
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
    """Return the Dice coefficient of the voxels of both implants near the defective skull, bDSC (Equation 6).

    Args:
        prediction: Mask of the implant.
        reference: Mask of the true implant.
        skull: Mask of the defective skull.
        distance: Distance from the skull's voxels up to which a voxel belongs to the border.
        units: Unit of the distance. The published figures use 10 mm; the organizers' default is 10 voxels.
        empty: Result for two empty borders.

    Raises:
        InputError: If the geometries differ or the skull is empty.
    """
    check_same_geometry(prediction, reference, skull)
    spacing = scaled_spacing(prediction, units)
    margin = np.ceil(distance / spacing).astype(int) + 1
    box = _union_box(prediction, reference, margin=tuple(margin))
    p, g, d = (mask(volume.crop(box)) for volume in (prediction, reference, skull))
    if not d.any() and not mask(skull).any():
        raise InputError("The defective skull is empty; give the skull that the implant is designed for.")
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

    A surface voxel has a face neighbor outside the mask; voxels at the edge of the volume count as surface.

    Raises:
        InputError: If the geometries differ, or a mask is empty and ``empty`` is ``"organisers"``.
    """
    check_same_geometry(prediction, reference)
    spacing = scaled_spacing(prediction, units)
    return point_distances(surface_indices(prediction) * spacing, surface_indices(reference) * spacing, empty=empty)


def point_distances(
    prediction: np.ndarray, reference: np.ndarray, *, empty: EmptyPolicy = "counted"
) -> SurfaceDistances:
    """Measure the distances between two sets of points, shape (N, 3) and (M, 3).

    Raises:
        InputError: If a set is empty and ``empty`` is ``"organisers"``.
    """
    if not len(prediction) or not len(reference):
        if empty == "organisers":
            raise InputError("An implant is empty, and the organizers define no distance to it.")
        return SurfaceDistances(
            np.full(len(prediction), np.inf),
            np.full(len(reference), np.inf),
            agreed_empty=len(prediction) == len(reference),
        )
    return SurfaceDistances(
        cKDTree(reference).query(prediction)[0],
        cKDTree(prediction).query(reference)[0],
    )


def scaled_spacing(volume: Volume, units: Units) -> np.ndarray:
    """Return the spacing with which distances are measured, shape (3,)."""
    if units == "voxels":
        return np.ones(3)
    # The columns of a rotated affine give 0.4 mm only to within a bit, which can move voxels across a border.
    spacing, written = volume.spacing, np.round(volume.spacing, 6)
    return np.where(np.abs(spacing - written) < 1e-12, written, spacing)


def _within(voxels: np.ndarray, targets: np.ndarray, spacing: np.ndarray, distance: float) -> np.ndarray:
    """Return for each voxel index, shape (N, 3), whether a target lies within the distance.

    Blocks of voxels that lie wholly within or beyond the distance are decided at once; the rest is searched in blocks
    of half the size.

    Args:
        voxels: Voxel indices, shape (N, 3).
        targets: Voxel indices of the targets, shape (M, 3).
        spacing: Voxel spacing, shape (3,).
        distance: The distance, in the unit of the spacing.
    """
    near = np.zeros(len(voxels), dtype=bool)
    if not len(voxels) or not len(targets):
        return near
    tree = cKDTree(targets * spacing)
    open_voxels = np.arange(len(voxels))
    for size in (8, 4, 2, 1):
        grid = voxels.max(axis=0) // size + 1
        ids, member = np.unique(np.ravel_multi_index((voxels[open_voxels] // size).T, grid), return_inverse=True)
        centers = np.stack(np.unravel_index(ids, grid), axis=1) * size + (size - 1) / 2
        half = np.linalg.norm((size - 1) / 2 * spacing) + 1e-9
        center_distances = tree.query(centers * spacing)[0][member]
        near[open_voxels[center_distances <= distance - half]] = True
        open_voxels = open_voxels[np.abs(center_distances - distance) < half]
    # The rest lie at the distance up to rounding: at 0.4 mm the step (25, 0, 0) is 10 mm, and (24, 7, 0) is 2e-15 mm
    # longer. A target counts if it is within the distance as SciPy's distance transform computes it, which the
    # organizers use.
    for index, found in zip(
        open_voxels, tree.query_ball_point(voxels[open_voxels] * spacing, distance + half), strict=True
    ):
        steps = (targets[found] - voxels[index]) * spacing
        near[index] = bool((np.sqrt(steps[:, 0] ** 2 + steps[:, 1] ** 2 + steps[:, 2] ** 2) <= distance).any())
    return near


def _union_box(*volumes: Volume, margin: int | tuple[int, int, int] = 0) -> Box:
    """Return a box that holds all masks and a margin; it may end beyond the arrays. One voxel if all are empty."""
    boxes = [foreground_box(mask(v)) for v in volumes if mask(v).any()]
    if not boxes:
        return box_from((0, 0, 0), (1, 1, 1))
    box = enclosing_box(boxes)
    starts = np.maximum(np.array([side.start for side in box]) - margin, 0)
    return box_from(starts, np.array([side.stop for side in box]) + margin)


def _dice(both: int, differing: int, empty: EmptyPolicy) -> float:
    """Return the Dice coefficient from the numbers of voxels in both masks and in exactly one."""
    return _ratio(2 * both, 2 * both + differing, otherwise=0.0 if empty == "organisers" else 1.0)


def _ratio(part: float, whole: float, *, otherwise: float) -> float:
    """Return a fraction, or another number if the whole is 0."""
    return part / whole if whole else otherwise
