"""What a model proposes for a defective skull."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Proposal:
    """The complete skull where it may differ from the defective one.

    Args:
        box: The part of the skull's voxels that the model has something to say about; outside, nothing is added.
        probability: How likely each voxel of the box is bone of the complete skull, 0 to 1, float32 of the box's shape.
        threshold: From which probability on (>=) a voxel counts as bone.
        expected_error: By how much the outer surface over each added voxel of the box is expected to be off, in mm,
            float16 of the box's shape; 0 where that is not known. None from a model that cannot tell.
        agreement: DSC of the added bone with that for the mirrored skull; None if that was not asked.
        notes: What the user should know about how it was made, as sentences, such as a fall back to the CPU.
    """

    box: tuple[slice, slice, slice]
    probability: np.ndarray
    threshold: float = 0.5
    expected_error: np.ndarray | None = None
    agreement: float | None = None
    notes: tuple[str, ...] = ()
