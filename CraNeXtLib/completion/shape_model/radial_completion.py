"""Finding the defect in a skull's radial maps, and predicting what is missing there."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from CraNeXtLib.anatomy.head.radial_maps import RADIUS_MM
from CraNeXtLib.completion.shape_model.model import PCASkull
from CraNeXtLib.completion.shape_model.observation import MIN_BONE_MM
from CraNeXtLib.completion.shape_model.shape_prior import Posterior

THIN_BONED = 0.8
"""Relative thickness below which a skull counts as thin-boned.

A lost outer table is then looked for in proportion, because the same deviation in mm is more of the bone. The standard
deviation of the relative thickness over the fitted skulls is 0.15.
"""

# Smaller holes are foramina, burr holes and gaps left by the threshold.
_MIN_HOLE_MM2 = 200.0
# A larger area of bone with less than this fraction of the usual thickness may have lost its outer table.
_MIN_THIN_MM2, _THIN_FRACTION = 500.0, 0.75
# Where the thickness varies by more than this between skulls, as above the ear, thin bone is no sign of a defect.
_STEADY_MM = 3.0
# Bone this close to a hole is cut obliquely or worn, so it does not show the surface.
_RIM_MM = 3.0
# Within this distance of a hole, bone that is thinner or further off than predicted, by more than the tolerance, is the
# wall of the hole.
_WALL_MM, _TOLERANCE_MM = 12.0, 1.5
# Each round predicts the surface without what the round before came to suspect.
_ROUNDS = 2


class CompletedMaps(NamedTuple):
    """Radial maps of a skull whose defect was filled in.

    Attributes:
        radial_maps: Outer radius and thickness, shape (2, P), in mm.
        to_fill: Pixels whose bone is filled in, shape (P,).
        unseen: Pixels where no bone was seen, or none that could be relied on, shape (P,).
        posterior: What the prediction was made from; None if nothing is filled in.
    """

    radial_maps: np.ndarray
    to_fill: np.ndarray
    unseen: np.ndarray
    posterior: Posterior | None = None


def complete(model: PCASkull, radial_maps: np.ndarray) -> CompletedMaps:
    """Find the defect in radial maps and predict the bone that is missing there.

    The location of the defect is not given. In short:

    1. Suspect large holes, and large areas of bone that is much too thin where thickness hardly varies between skulls.
    2. Predict the surface near the suspects from all other bone.
    3. Add areas that lie below the prediction and are too thin as well: they have lost their outer table.
    4. Add bone that touches a hole and deviates from the prediction: it is the wall of the hole.
    5. Repeat from 2 with the larger suspects, then predict once more, and fill the suspects in.

    Args:
        model: The shape model.
        radial_maps: Outer radius and thickness, shape (2, P), in mm; see
            :func:`CraNeXtLib.completion.shape_model.observation.observe`.
    """
    steps = _Steps(model)
    mean_thickness = model.prior.mean[1]
    unknown = np.isnan(radial_maps[1])
    absent = (radial_maps[1] < MIN_BONE_MM) & ~unknown
    holes = steps.large(absent, _MIN_HOLE_MM2)
    relative_thickness = float(np.nanmedian(radial_maps[1] / mean_thickness))
    usual = relative_thickness * mean_thickness
    scale = min(1.0, relative_thickness / THIN_BONED)
    steady = np.linalg.norm(model.prior.modes[:, 1], axis=0) < _STEADY_MM
    thin = steps.large(steady & (radial_maps[1] < _THIN_FRACTION * usual), _MIN_THIN_MM2)
    suspect = steps.grown(holes | thin, _RIM_MM)
    for _ in range(_ROUNDS):
        if not suspect.any():
            break
        near = steps.grown(suspect, _WALL_MM)
        unseen = unknown | absent | suspect
        expected = steps.predict(radial_maps, unseen, near, scale)
        predicted = expected if scale == 1 else steps.predict(radial_maps, unseen, near)
        too_low, too_thin = radial_maps < expected - scale * _TOLERANCE_MM
        holes |= steps.large(near & steady & too_thin & too_low, _MIN_THIN_MM2)
        walls = (radial_maps[1] < predicted[1] - _TOLERANCE_MM) | (
            np.abs(radial_maps[0] - predicted[0]) > _TOLERANCE_MM
        )
        holes |= steps.connected(walls & steps.grown(holes, _WALL_MM) & ~unknown | holes, holes)
        suspect = steps.grown(holes, _RIM_MM)
    if not holes.any():
        return CompletedMaps(radial_maps, holes, unknown | absent | suspect)
    rim, before = steps.grown(suspect, 2 * _RIM_MM), unseen
    unseen = unknown | absent | suspect
    if (unseen != before).any() or (rim & ~near).any():  # otherwise, the last round has predicted just this
        predicted = steps.predict(radial_maps, unseen, rim)
    return CompletedMaps(np.where(rim, predicted, radial_maps), suspect & ~unknown, unseen, steps.posterior)


class _Steps:
    """The steps of the search, on the P pixels of a model. All masks are bool of shape (P,).

    Attributes:
        posterior: What the last prediction was made from.
    """

    def __init__(self, model: PCASkull) -> None:
        self._model = model
        self.posterior: Posterior | None = None

    def predict(
        self, radial_maps: np.ndarray, unseen: np.ndarray, wanted: np.ndarray, scale: float = 1.0
    ) -> np.ndarray:
        """Return the radial maps with predictions at the wanted pixels.

        Args:
            radial_maps: Shape (2, P), in mm.
            unseen: Pixels that the prediction must not use.
            wanted: Pixels to predict.
            scale: Factor on the usual thickness, below 1 for thin-boned skulls.
        """
        prior = self._model.prior.scaled(1.0, scale)
        smooth = np.stack([self._smoothed(channel, ~unseen) for channel in radial_maps])
        seen = prior.subsample(np.flatnonzero(~unseen), np.flatnonzero(wanted & unseen))
        indices = np.flatnonzero(wanted)
        predicted = radial_maps.copy()
        self.posterior = None  # which may hold 100 MB
        self.posterior = prior.given(seen)
        predicted[:, indices] = self.posterior.mean(smooth[:, seen], indices)
        return predicted

    def _smoothed(self, values: np.ndarray, known: np.ndarray) -> np.ndarray:
        """Average the known among nine pixels, to even out the roughness of bone."""
        sums = [
            ndimage.uniform_filter(self._model.image(v), 3, mode="constant")
            for v in (np.where(known, values, 0), known)
        ]
        return sums[0][self._model.domain] / np.maximum(sums[1][self._model.domain], 1e-3)

    def grown(self, pixels: np.ndarray, distance_mm: float) -> np.ndarray:
        """Return the pixels within a distance of others."""
        distances = ndimage.distance_transform_edt(self._model.image(pixels) == 0)
        return distances[self._model.domain] * self._model.grid.pixel_mm <= distance_mm

    def large(self, pixels: np.ndarray, area_mm2: float) -> np.ndarray:
        """Return the connected components that cover at least an area of the head."""
        labels, count = ndimage.label(self._model.image(pixels))
        areas = self._model.image((self._model.prior.mean[0] / RADIUS_MM * self._model.grid.pixel_mm) ** 2)
        large = ndimage.sum_labels(areas, labels, np.arange(1, count + 1)) >= area_mm2
        return np.isin(labels, 1 + np.flatnonzero(large))[self._model.domain]

    def connected(self, pixels: np.ndarray, seeds: np.ndarray) -> np.ndarray:
        """Return the pixels that are connected to seeds."""
        image = ndimage.binary_propagation(self._model.image(seeds) > 0, mask=self._model.image(pixels) > 0)
        return image[self._model.domain]
