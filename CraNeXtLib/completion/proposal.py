"""What a model proposes for a defective skull."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from CraNeXtLib.geometry.box import Box

_EMPTY_BOX: Box = (slice(0, 1), slice(0, 1), slice(0, 1))
"""The box of a proposal that adds nothing: a single voxel, since a volume cannot be empty."""


@dataclass(frozen=True, eq=False)
class Proposal:
    """The complete skull, in the box where it may differ from the defective one.

    Args:
        box: Part of the skull's voxels that the model describes; nothing is added outside.
        probability: Probability of each voxel of the box to be bone of the complete skull, 0 to 1, float32 of the
            box's shape.
        threshold: Voxels with at least this probability count as bone.
        expected_error: Expected error of the outer surface over each added voxel of the box, in mm, float16 of the
            box's shape; 0 where it is unknown. None if the model does not estimate it.
        agreement: DSC of the added bone with that for the mirrored skull; None if the model was not asked.
        warnings: What the user should know about the way it was made, as sentences, such as a fallback to the CPU.
    """

    box: Box
    probability: np.ndarray
    threshold: float = 0.5
    expected_error: np.ndarray | None = None
    agreement: float | None = None
    warnings: tuple[str, ...] = ()

    @classmethod
    def nothing(cls, threshold: float = 0.5, *, warnings: tuple[str, ...] = ()) -> Proposal:
        """Return a proposal that adds nothing to the skull."""
        return cls(_EMPTY_BOX, np.zeros((1, 1, 1), np.float32), threshold, warnings=warnings)
