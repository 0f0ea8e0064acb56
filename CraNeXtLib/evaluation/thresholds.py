"""When a criterion of the checklist is met."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """When a criterion of the checklist is met. The defaults are ours and NOT VALIDATED CLINICALLY.

    Attributes:
        gap_mm: Widest gap or hole allowed through which the head is open.
        excess_ml: Largest volume allowed outside the defect, in mL.
        shape_mm: Largest deviation allowed of the outer surface from the reference's, apart from a common offset.
        step_mm: Highest step allowed between the outer surfaces of skull and implant.
        thinnest: Least thickness allowed, as a fraction of the reference's or, without one, of the surrounding skull's.
        thickest: Greatest thickness allowed, as a multiple of the same.
    """

    gap_mm: float = 2.0
    excess_ml: float = 0.05
    shape_mm: float = 3.0
    step_mm: float = 1.2
    thinnest: float = 0.5
    thickest: float = 3.0
