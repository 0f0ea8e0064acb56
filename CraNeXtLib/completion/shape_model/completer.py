"""Completing a skull with PCA-skull: align, unroll, find what is missing, predict it, and turn it into voxels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from CraNeXtLib.anatomy.head.alignment import Alignment, align_surfaces, bone_surface
from CraNeXtLib.anatomy.head.radial_maps import RADIUS_MM, cast
from CraNeXtLib.completion.model_library import Model
from CraNeXtLib.completion.proposal import Proposal
from CraNeXtLib.completion.shape_model.filling import Filling, render
from CraNeXtLib.completion.shape_model.model import PCASkull, load_pca_skull
from CraNeXtLib.geometry.resampling import shrink
from CraNeXtLib.geometry.volume import Volume

SAMPLING_MM = 1.0
# Smaller holes are foramina, burr holes and gaps of the threshold.
MINIMUM_AREA_MM2 = 200.0
# Larger bone with less than this share of the usual thickness may have lost its outer table.
MINIMUM_THIN_AREA_MM2, THIN = 500.0, 0.75
# Where thickness varies more than this between skulls, as above the ear, thin bone is no sign of a defect.
STEADY_MM = 3.0
# Bone this close to a hole is cut obliquely or worn, so it says nothing about the surface.
RIM_MM = 3.0
# Near a hole, bone this much thinner or further off than expected is part of the hole's wall.
WALL_MM = 12.0
TOLERANCE_MM = 1.5
# In skulls whose bone is thinner than this share of the mean, a lost outer table is looked for in proportion: the same
# deviation in mm is more of their bone. Standard deviation of the skulls that were fitted: 0.15.
THIN_BONED = 0.8
# Bone that far from the mean is not the brain case: a tube, a strap, a speck.
PLAUSIBLE_MM = 20.0
# Where there is no bone, the scan must go on for this much beyond the expected surface, or bone may lie out of view.
VIEW_MARGIN_MM = 2.0
# A skull ends in points and caps; so much bone in its last plane, and no less of it than this share of what lies a
# little further in, is where the scan ended before air was put around it. SkullFix scans end with 17 to 29 cm² and 0.5
# to 1.1, its skulls on other sides with less than 6 cm² and 0.25.
CUT_MM2, CUT_SHARE, CUT_DEPTH_MM = 1000.0, 0.5, 5.0


@dataclass(frozen=True, eq=False)
class Placed:
    """A skull in the space of a shape model.

    Args:
        occupancy: Its share of bone at about 1 mm, cropped to the bone.
        alignment: From the model's space to the skull.
        filling: What the model fills in; may be nothing.
    """

    occupancy: Volume
    alignment: Alignment
    filling: Filling


@dataclass(frozen=True, eq=False)
class PCACompleter:
    """A shape model at work.

    Args:
        model: The fitted model.
    """

    model: PCASkull

    @classmethod
    def load(cls, model: Model) -> PCACompleter:
        """Load the weights of a model folder.

        Raises:
            InputError: If the folder does not hold such a model.
        """
        return cls(load_pca_skull(model.weights, model.description.get("options", {})))

    def propose(
        self, skull: Volume, *, device: str = "cpu", progress: Callable[[float], None] | None = None
    ) -> Proposal:
        """Complete a defective skull.

        Args:
            skull: Mask of the defective skull, of any orientation and spacing.
            device: Ignored; the work is small and stays on the CPU.
            progress: Told the fraction done; may raise to stop.

        Returns:
            The share of bone in every voxel of a box around all defects: the skull's own bone, and the model's inside
            the defects. The surface is at 0.5. An empty box if nothing is missing.

        Raises:
            InputError: If the skull is no brain case.
        """
        del device
        placed = self.fill(skull, progress or (lambda _: None))
        proposal = render(skull, placed.alignment, placed.filling)
        part = skull.crop(proposal.box)
        return replace(proposal, expected_error=self.expected_error(placed, part, proposal.probability))

    def expected_error(self, placed: Placed, part: Volume, probability: np.ndarray) -> np.ndarray:
        """Return the expected error of the outer surface over each voxel that is added, in mm.

        That is the mean of a normal distribution's absolute value. Where the shape model fills nothing in, it cannot
        tell, and the value is 0.

        Args:
            placed: What the model fills in.
            part: A part of the skull's mask.
            probability: Of the part's voxels to be bone of the complete skull; 0.5 and more counts as bone.

        Returns:
            Values of the part's shape, float16.
        """
        errors = np.zeros(part.shape, np.float16)
        filling, domain = placed.filling, self.model.domain
        if not filling.fill.any():
            return errors
        wanted = np.flatnonzero(filling.fill[domain])
        seen = self.model.prior.thin_out(np.flatnonzero(~filling.unseen[domain]), wanted)
        image = np.zeros(domain.shape, np.float32)
        image[filling.fill] = np.sqrt(2 / np.pi) * self.model.prior.spread(seen=seen, wanted=wanted)
        added = np.argwhere((probability >= 0.5) & ~part.voxels)
        points = placed.alignment.inverse().apply(part.to_ras(added))
        errors[tuple(added.T)] = filling.sample(image, points)
        return errors

    def fill(self, skull: Volume, progress: Callable[[float], None]) -> Placed:
        """Return what is to be filled in, in the model's space, and where that lies in the skull; see ``propose``."""
        occupancy = shrink(skull, SAMPLING_MM)
        alignment = align_surfaces(self.model.surface, bone_surface(occupancy), kind="similarity")
        progress(0.4)
        return Placed(occupancy, alignment, self.filling(skull, occupancy, alignment, progress))

    def filling(
        self, skull: Volume, occupancy: Volume, alignment: Alignment, progress: Callable[[float], None]
    ) -> Filling:
        """Return what is to be filled in of a skull that is aligned already."""
        view = scanned_part(skull)
        shells = observe(view, occupancy, alignment, self.model.directions, self.model.prior.mean[0])
        progress(0.6)
        shells, fill, unseen = self.complete(shells)
        progress(0.8)
        known = np.isfinite(shells[1]) & (shells[1] > 0)
        outer, thickness, known, fill, unseen = map(self.model.image, (*shells, known, fill, unseen))
        return Filling(self.model.grid, outer, thickness, known > 0, fill > 0, unseen > 0)

    def thickness_share(self, filling: Filling) -> float:
        """Return how thick the bone is that was seen, as a share of the mean skull's: the median over the head."""
        usual = self.model.image(self.model.prior.mean[1])
        seen = filling.known & ~filling.unseen & (usual > 0)
        return float(np.median(filling.thickness[seen] / usual[seen]))

    def complete(self, shells: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the completed shells, shape (2, P), which pixels are to be filled, and which were not relied on.

        Suspected first are holes and bone that is much too thin. Completions without what is suspected then show where
        bone was only taken from the outside, and which bone beside a hole is its wall.
        """
        unknown = np.isnan(shells[1])
        absent = (shells[1] < 1.0) & ~unknown
        holes = self._large(absent, MINIMUM_AREA_MM2)
        usual_share = float(np.nanmedian(shells[1] / self.model.prior.mean[1]))
        usual = usual_share * self.model.prior.mean[1]
        scale = min(1.0, usual_share / THIN_BONED)
        steady = np.linalg.norm(self.model.prior.modes[:, 1], axis=0) < STEADY_MM
        thin = self._large(steady & (shells[1] < THIN * usual), MINIMUM_THIN_AREA_MM2)
        suspect = self._grown(holes | thin, RIM_MM)
        for _ in range(2):
            if not suspect.any():
                break
            near = self._grown(suspect, WALL_MM)
            unseen = unknown | absent | suspect
            predicted = self._predict(shells, unseen, near)
            expected = predicted if scale == 1 else self._predict(shells, unseen, near, scale)
            too_low, too_thin = shells < expected - scale * TOLERANCE_MM
            holes |= self._large(near & steady & too_thin & too_low, MINIMUM_THIN_AREA_MM2)
            walls = (shells[1] < predicted[1] - TOLERANCE_MM) | (np.abs(shells[0] - predicted[0]) > TOLERANCE_MM)
            holes |= self._connected(walls & self._grown(holes, WALL_MM) & ~unknown | holes, holes)
            suspect = self._grown(holes, RIM_MM)
        unseen = unknown | absent | suspect
        if not holes.any():
            return shells, holes, unseen
        return self._predict(shells, unseen, self._grown(suspect, 2 * RIM_MM)), suspect & ~unknown, unseen

    def _predict(self, shells: np.ndarray, unseen: np.ndarray, wanted: np.ndarray, scale: float = 1.0) -> np.ndarray:
        """Return the shells with predictions at the wanted pixels, for bone of a share of the usual thickness."""
        prior = self.model.prior.scaled(1.0, scale)
        smooth = np.stack([self._smoothed(channel, ~unseen) for channel in shells])
        seen = prior.thin_out(np.flatnonzero(~unseen), np.flatnonzero(wanted & unseen))
        wanted = np.flatnonzero(wanted)
        shells = shells.copy()
        shells[:, wanted] = prior.predict(smooth[:, seen], seen=seen, wanted=wanted)
        return shells

    def _smoothed(self, values: np.ndarray, known: np.ndarray) -> np.ndarray:
        """Return the means over the known among nine pixels, against the roughness of bone."""
        sums = [
            ndimage.uniform_filter(self.model.image(v), 3, mode="constant") for v in (np.where(known, values, 0), known)
        ]
        return sums[0][self.model.domain] / np.maximum(sums[1][self.model.domain], 1e-3)

    def _grown(self, pixels: np.ndarray, distance_mm: float) -> np.ndarray:
        """Return the pixels of the domain within a distance of others."""
        away = ndimage.distance_transform_edt(self.model.image(pixels) == 0)
        return away[self.model.domain] * self.model.grid.pixel_mm <= distance_mm

    def _large(self, pixels: np.ndarray, area_mm2: float) -> np.ndarray:
        """Return the connected pixels that cover at least an area of the head."""
        labels, count = ndimage.label(self.model.image(pixels))
        areas = self.model.image((self.model.prior.mean[0] / RADIUS_MM * self.model.grid.pixel_mm) ** 2)
        large = ndimage.sum_labels(areas, labels, np.arange(1, count + 1)) >= area_mm2
        return np.isin(labels, 1 + np.flatnonzero(large))[self.model.domain]

    def _connected(self, pixels: np.ndarray, seeds: np.ndarray) -> np.ndarray:
        """Return the pixels that are connected with seeds."""
        image = ndimage.binary_propagation(self.model.image(seeds) > 0, mask=self.model.image(pixels) > 0)
        return image[self.model.domain]


def scanned_part(skull: Volume) -> Volume:
    """Return the part of a mask that was scanned: without the air beyond a plane that cuts the bone off."""
    box = []
    for axis, length in enumerate(skull.shape):
        areas = np.count_nonzero(skull.voxels, axis=tuple({0, 1, 2} - {axis}))
        areas = areas * skull.voxel_volume_mm3 / skull.spacing[axis]
        depth = max(1, round(CUT_DEPTH_MM / skull.spacing[axis]))
        first, last = np.flatnonzero(areas)[[0, -1]]
        cut = [
            areas[end] >= max(CUT_MM2, CUT_SHARE * areas[np.clip(inside, 0, length - 1)])
            for end, inside in ((first, first + depth), (last, last - depth))
        ]
        box.append(slice(int(first) if cut[0] else 0, int(last) + 1 if cut[1] else length))
    return skull.crop(tuple(box))


def observe(
    skull: Volume, occupancy: Volume, alignment: Alignment, directions: np.ndarray, expected: np.ndarray
) -> np.ndarray:
    """Return outer radius and thickness of a skull's bone along rays, shape (2, P), in mm of the model's space.

    Zero thickness is bone that is missing; NaN is what cannot be known: bone out of view, or in an implausible place.

    Args:
        skull: The skull as it was scanned; only its field of view counts.
        occupancy: The skull, cropped to its bone.
        alignment: From the model's space to the skull.
        directions: Unit vectors of the rays, shape (P, 3).
        expected: Radius at which the outer surface lies in the mean, shape (P,).
    """
    outer, thickness = cast(occupancy, np.zeros(3), directions, alignment.matrix)
    missing = np.isnan(outer)
    shells = np.stack([np.where(missing, expected, outer), np.where(missing, 0, thickness)])
    ends = shells[0] + np.where(missing, VIEW_MARGIN_MM, 0)
    ends = skull.to_indices(alignment.apply(directions * ends[:, None]))
    unknown = ((ends < 0) | (ends > np.array(skull.shape) - 1)).any(axis=1)
    unknown |= np.abs(shells[0] - expected) > PLAUSIBLE_MM
    shells[:, unknown] = np.nan
    return shells
