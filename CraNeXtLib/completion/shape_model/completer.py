"""Completing a skull with PCA-skull: align it, unroll it into radial maps, complete these, and render the result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from CraNeXtLib.anatomy.head.alignment import Alignment, align_surfaces
from CraNeXtLib.anatomy.head.bone_surface import bone_surface
from CraNeXtLib.anatomy.head.scanned_box import scanned_box
from CraNeXtLib.completion.model_library import Model
from CraNeXtLib.completion.proposal import Proposal
from CraNeXtLib.completion.shape_model.model import PCASkull, load_pca_skull
from CraNeXtLib.completion.shape_model.observation import SAMPLING_MM, observe
from CraNeXtLib.completion.shape_model.radial_completion import complete
from CraNeXtLib.completion.shape_model.shape_model_fill import ShapeModelFill, render
from CraNeXtLib.completion.shape_model.shape_prior import Posterior
from CraNeXtLib.geometry.resampling import shrink
from CraNeXtLib.geometry.volume import Volume

_QUICK_CUBES_MM = (6.0, 15.0)  # 1.5 times those of ``ShapePrior``


@dataclass(frozen=True, eq=False)
class PlacedSkull:
    """A skull that is aligned to a shape model.

    Args:
        occupancy: The skull's occupancy at about 1 mm, cropped to the bone.
        alignment: From the model's space to the skull.
        fill: What the model fills in; may be nothing.
        deviation_mm: Posterior standard deviation of the outer radius at the pixels to fill, 0 elsewhere; an image.
    """

    occupancy: Volume
    alignment: Alignment
    fill: ShapeModelFill
    deviation_mm: np.ndarray


@dataclass(frozen=True, eq=False)
class PCACompleter:
    """Completes skulls with a shape model.

    Args:
        model: The fitted model.
        start: Roughly where a head lies on the skull to complete; None to search for it.
    """

    model: PCASkull
    start: Alignment | None = None
    light = True  # needs no PyTorch

    def quick(self, start: Alignment | None) -> PCACompleter:
        """Return a completer for the preview of one skull, which takes a third of the time.

        It looks at less of the bone: on two SkullFix skulls its outer surface lies 0.13 mm off on average, and it
        expects larger errors.

        Args:
            start: Roughly where a head lies on the skull, which saves a search; None to search.
        """
        prior = replace(self.model.prior, cubes_mm=_QUICK_CUBES_MM)
        return replace(self, model=replace(self.model, prior=prior), start=start)

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
            progress: Called with the fraction done; may raise to stop.

        Returns:
            The occupancy of every voxel of a box around all defects: the skull's own bone, and the model's inside the
            defects. The surface is at 0.5. The box holds nothing if nothing is missing.

        Raises:
            InputError: If the skull has no brain case.
        """
        del device
        placed = self.place(skull, progress or (lambda _: None))
        proposal = render(skull, placed.alignment, placed.fill)
        part = skull.crop(proposal.box)
        return replace(proposal, expected_error=self.expected_error(placed, part, proposal.probability))

    def expected_error(self, placed: PlacedSkull, part: Volume, probability: np.ndarray) -> np.ndarray:
        """Return the expected error of the outer surface over each added voxel, in mm.

        It is the mean absolute value of a normal distribution with the posterior standard deviation of the shape. Where
        the shape model fills nothing in, the error is unknown and the value is 0.

        Args:
            placed: The skull with what the model fills in.
            part: A part of the skull's mask.
            probability: Probability of the part's voxels to be bone of the complete skull; bone from 0.5 on.

        Returns:
            float16 of the part's shape.
        """
        errors = np.zeros(part.shape, np.float16)
        if placed.fill.is_empty:
            return errors
        added = np.argwhere((probability >= 0.5) & ~part.voxels)
        points = placed.alignment.inverse().apply(part.to_ras(added))
        errors[tuple(added.T)] = np.sqrt(2 / np.pi) * placed.fill.sample(placed.deviation_mm, points)
        return errors

    def place(self, skull: Volume, progress: Callable[[float], None]) -> PlacedSkull:
        """Align a skull to the model and find what to fill in; see ``propose``."""
        occupancy = shrink(skull, SAMPLING_MM)
        alignment = align_surfaces(self.model.surface, bone_surface(occupancy), start=self.start)
        progress(0.4)
        fill, posterior = self._filled(skull, occupancy, alignment, progress)
        deviation_mm = np.zeros(fill.to_fill.shape, np.float32)
        if posterior:
            deviation_mm[fill.to_fill] = posterior.std(np.flatnonzero(fill.to_fill[self.model.domain]))
        return PlacedSkull(occupancy, alignment, fill, deviation_mm)

    def fill(
        self, skull: Volume, occupancy: Volume, alignment: Alignment, progress: Callable[[float], None]
    ) -> ShapeModelFill:
        """Find what to fill in of a skull that is aligned already.

        Args:
            skull: Mask of the defective skull.
            occupancy: The skull's occupancy at about 1 mm, cropped to the bone.
            alignment: From the model's space to the skull.
            progress: Called with the fraction of ``place`` that is done.
        """
        return self._filled(skull, occupancy, alignment, progress)[0]

    def _filled(
        self, skull: Volume, occupancy: Volume, alignment: Alignment, progress: Callable[[float], None]
    ) -> tuple[ShapeModelFill, Posterior | None]:
        """Return what to fill in, and what it was predicted from; see ``fill``."""
        view = skull.crop(scanned_box(skull))
        radial_maps = observe(view, occupancy, alignment, self.model.directions, self.model.prior.mean[0])
        progress(0.6)
        (outer, thickness), to_fill, unseen, posterior = complete(self.model, radial_maps)
        progress(0.8)
        image = self.model.image
        known = image(np.isfinite(thickness) & (thickness > 0)) > 0
        fill = ShapeModelFill(
            self.model.grid, image(outer), image(thickness), known, image(to_fill) > 0, image(unseen) > 0
        )
        return fill, posterior

    def relative_thickness(self, fill: ShapeModelFill) -> float:
        """Return the thickness of the bone that was seen, relative to the mean skull's: the median over the head."""
        usual = self.model.image(self.model.prior.mean[1])
        seen = fill.known & ~fill.unseen & (usual > 0)
        return float(np.median(fill.thickness[seen] / usual[seen]))
