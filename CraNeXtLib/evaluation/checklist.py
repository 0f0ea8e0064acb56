"""The checklist: the five questions of the paper's Table 2, answered by measurement.

Ellis, Alvarez and Aizenberg (2021) had readers answer five questions about an implant. Here the answers are measured on
maps of the vault as seen from the middle of the brain case. What the second criterion finds to lie outside the defect
is left out of the other four, so that one fault fails one criterion. The thresholds can be changed and are NOT
VALIDATED CLINICALLY. A reader's own answers and the four causes of Table 7 are kept beside the automatic answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from CraNeXtLib.anatomy.head.landmarks import skull_frame
from CraNeXtLib.anatomy.head.radial_view import view_around
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.evaluation import checklist_criteria
from CraNeXtLib.evaluation.checklist_scene import ChecklistScene
from CraNeXtLib.evaluation.criterion import Criterion
from CraNeXtLib.evaluation.thresholds import Thresholds
from CraNeXtLib.geometry.mask import check_same_geometry, mask, surface_indices
from CraNeXtLib.geometry.volume import Volume

CRITERIA = ("complete", "no_false_positive", "restored_shape", "smooth_transition", "minimal_thickness")
CAUSES = ("non_break_through", "bone_artifact", "complex_area", "defect_edge")


@dataclass(frozen=True)
class Checklist:
    """The automatic answers, and those of a reader.

    Args:
        criteria: The automatic answers, in the order of ``CRITERIA``.
        ratings: A reader's answers by criterion.
        causes: Causes of error of Table 7 that a reader sees, any of ``CAUSES``.

    Raises:
        InputError: If a rating or cause has another name.
    """

    criteria: tuple[Criterion, ...]
    ratings: Mapping[str, bool] = field(default_factory=dict)
    causes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for names, allowed, what in ((self.ratings, CRITERIA, "criterion"), (self.causes, CAUSES, "cause of error")):
            unknown = sorted(set(names) - set(allowed))
            if unknown:
                raise InputError(f"There is no {what} '{unknown[0]}'; choose from {', '.join(allowed)}.")

    def __getitem__(self, name: str) -> Criterion:
        return self.criteria[CRITERIA.index(name)]

    @property
    def failed(self) -> tuple[str, ...]:
        """Names of the criteria that are not met."""
        return tuple(criterion.name for criterion in self.criteria if criterion.passed is False)

    def as_dict(self) -> dict[str, object]:
        """Return the checklist for JSON."""
        return {
            "validated_clinically": False,
            "criteria": [criterion.as_dict() for criterion in self.criteria],
            "reader_ratings": dict(self.ratings),
            "causes": list(self.causes),
        }


def check(
    implant: Volume,
    skull: Volume,
    reference: Volume | None = None,
    *,
    thresholds: Thresholds | None = None,
    ratings: Mapping[str, bool] | None = None,
    causes: tuple[str, ...] = (),
) -> Checklist:
    """Answer the five questions about an implant.

    Without a reference the restored shape cannot be judged; the defect is then the opening that the implant lies in,
    and the implant's thickness is compared with that of the surrounding skull. A gap is not found if it is so oblique
    that no ray passes through it.

    Args:
        implant: Mask of the implant.
        skull: Mask of the defective skull.
        reference: Mask of the true implant, if known.
        thresholds: When a criterion is met.
        ratings: A reader's own answers.
        causes: Causes of error that a reader sees.

    Raises:
        InputError: If the geometries differ, a mask is empty, or a rating or cause has an unknown name.
    """
    limits = thresholds or Thresholds()
    references = [] if reference is None else [reference]
    check_same_geometry(implant, skull, *references)
    for name, volume in {"implant": implant, "reference": reference}.items():
        if volume is not None and not mask(volume).any():
            raise InputError(f"The {name} is empty; the checklist needs one.")
    points = np.concatenate([volume.to_ras(surface_indices(volume)) for volume in (implant, *references)])
    view = view_around(points, skull_frame(skull).center)
    of_skull, of_implant, *of_reference = view.cast(skull, implant, *references)
    scene = ChecklistScene(view, of_implant, of_skull, of_reference[0] if of_reference else None)
    criteria = (
        checklist_criteria.complete(scene, limits),
        checklist_criteria.no_false_positive(scene, limits),
        checklist_criteria.restored_shape(scene, limits),
        checklist_criteria.smooth_transition(scene, limits),
        checklist_criteria.minimal_thickness(scene, limits),
    )
    return Checklist(criteria, ratings or {}, causes)
