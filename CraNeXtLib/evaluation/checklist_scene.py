"""What the five criteria of the checklist look at: the defect, the excess, and the implant without it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import ndimage

from CraNeXtLib.anatomy.head.radial_view import CELL_MM, STEP_MM, RadialView, RayHits
from CraNeXtLib.evaluation.ray_maps import cosines, disk, filled, grown
from CraNeXtLib.geometry.components import components_with

NARROW_MM = 10.0
"""Width below which a protrusion is a spur, if it is also high; a wider one is a matter of shape."""
SPUR_MM = 3.0
"""Height above which a narrow protrusion is a spur."""
BEVEL_MM = 8.0
"""Without a reference, distance from the open defect within which a slanted edge may belong to it."""
BEYOND_MM = 2.0
"""Without a reference, distance outside the skull's wall above which implant beside the opening is excess."""


@dataclass(frozen=True, eq=False)
class ChecklistScene:
    """Implant, skull and reference as seen from the middle of the head.

    The maps that follow from these have one cell per ray.

    Args:
        view: The rays.
        whole: Hits in the implant as it is.
        skull: Hits in the defective skull.
        reference: Hits in the true implant, if known.

    Attributes:
        defect: Where the defect is.
        excess: Samples of the implant inside bone, beside the defect, or in a spur; shape (U, V, R).
        implant: Hits in the implant without the excess.
        inside: Where the implant covers the defect and no bone lies on the ray.
        implant_outermost: Where the implant's outer surface lies outside the skull's.
        outermost: Distance of the outermost surface from the center in mm; NaN where there is none.
        upright: Cosine between the ray and the normal of the outermost surface.
    """

    view: RadialView
    whole: RayHits
    skull: RayHits
    reference: RayHits | None
    defect: np.ndarray = field(init=False)
    excess: np.ndarray = field(init=False)
    implant: RayHits = field(init=False)
    inside: np.ndarray = field(init=False)
    implant_outermost: np.ndarray = field(init=False)
    outermost: np.ndarray = field(init=False)
    upright: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        defect, allowed = self._defect()
        excess = self._excess(allowed)
        implant = RayHits(self.whole.samples & ~excess, self.whole.radii)
        outer, other = np.nan_to_num(implant.outer), np.nan_to_num(self.skull.outer)
        outermost = np.where(implant.hit_mask | self.skull.hit_mask, np.maximum(outer, other), np.nan)
        derived = {
            "defect": defect,
            "excess": excess,
            "implant": implant,
            "inside": defect & implant.hit_mask & ~self.skull.hit_mask,
            "implant_outermost": implant.hit_mask & (outer > other),
            "outermost": outermost,
            "upright": cosines(self.view, filled(outermost)),
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)

    def position(self, badness: np.ndarray, radii: np.ndarray) -> tuple[float, float, float]:
        """Return the RAS position in mm on a surface where a map is largest.

        Args:
            badness: The map, shape (U, V).
            radii: Distance of the surface from the center in mm, shape (U, V); NaN where there is none.
        """
        row, column = np.unravel_index(np.nanargmax(np.where(np.isfinite(radii), badness, np.nan)), badness.shape)
        return self.view.point((int(row), int(column)), float(radii[row, column]))

    def _defect(self) -> tuple[np.ndarray, np.ndarray]:
        """Return where the defect is, and where implant may be: there and a little around it."""
        if self.reference is not None:
            return self.reference.hit_mask, grown(self.reference.hit_mask, 2 * CELL_MM)
        opening = components_with(~self.skull.hit_mask, self.whole.hit_mask, corners=False)
        return opening, grown(opening, BEVEL_MM)

    def _excess(self, allowed: np.ndarray) -> np.ndarray:
        """Return the samples of the implant inside bone, beside the defect, or in a spur out of or into the head."""
        implant = self.whole
        top, bottom = self._smooth_surfaces(allowed)
        stray = self._stray(allowed)
        beside = stray.any(axis=-1)
        high = np.maximum(implant.outer - top, bottom - implant.inner) * cosines(self.view, top)
        spurs = components_with(beside | (high > 2 * STEP_MM), beside | (high > SPUR_MM))
        out = implant.radii > (top + STEP_MM)[..., None]
        into = implant.radii < (bottom - STEP_MM)[..., None]
        return stray | (implant.samples & (self.skull.samples | (spurs[..., None] & (out | into))))

    def _smooth_surfaces(self, allowed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the outer and inner surface of skull and implant without narrow protrusions, in mm from the center.

        They reach at least as far as those of the reference.
        """
        outer = filled(np.fmax(np.where(allowed, self.whole.outer, np.nan), self.skull.outer))
        inner = filled(np.fmin(np.where(allowed, self.whole.inner, np.nan), self.skull.inner))
        narrow = disk(NARROW_MM / 2)
        top, bottom = ndimage.grey_opening(outer, footprint=narrow), ndimage.grey_closing(inner, footprint=narrow)
        if self.reference is not None:
            top, bottom = np.fmax(top, self.reference.outer), np.fmin(bottom, self.reference.inner)
        return top, bottom

    def _stray(self, allowed: np.ndarray) -> np.ndarray:
        """Return the samples of the implant beside the defect."""
        stray = self.whole.samples & ~allowed[..., None]
        if self.reference is not None:
            return stray
        # A long slanted edge puts implant beside the opening too, but not outside the skull's wall.
        wall = self.skull.hit_mask & ~self.whole.hit_mask
        top_of_wall, bottom_of_wall = (
            filled(np.where(wall, radii, np.nan))[..., None] for radii in (self.skull.outer, self.skull.inner)
        )
        beyond = np.maximum(self.whole.radii - top_of_wall, bottom_of_wall - self.whole.radii)
        return stray & (beyond > STEP_MM) & (stray & (beyond > BEYOND_MM)).any(axis=-1, keepdims=True)
