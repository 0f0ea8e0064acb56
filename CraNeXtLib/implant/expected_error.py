"""The expected error of an implant's outer surface, in mm: the shape model's own uncertainty.

How well predictions agree (mirrored and not, network and shape model) does not predict the error; the shape model's
uncertainty does (``Testing/benchmarks/expected_error.py``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from CraNeXtLib.anatomy.head.pose import HeadPose
from CraNeXtLib.anatomy.head.regions import ALL_REGIONS
from CraNeXtLib.geometry.box import foreground_box
from CraNeXtLib.geometry.volume import Volume

P95_MM = 1.5
"""An implant is doubtful if the 95th percentile of its expected error is above this."""
KNOWN_PERCENT = 90.0
"""An implant is doubtful if the error can be estimated for less of it than this."""
MIDLINE_MM = 5.0
"""Distance from the mid-sagittal plane within which a position is on the midline."""


@dataclass(frozen=True)
class WorstLocation:
    """Where the largest error is expected.

    Attributes:
        error_mm: The expected error there.
        position_ras_mm: Where it is.
        side: ``"left"``, ``"right"``, or ``"midline"`` within ``MIDLINE_MM`` of it.
        region: Name of the region.
    """

    error_mm: float
    position_ras_mm: tuple[float, float, float]
    side: str
    region: str

    def as_dict(self) -> dict[str, object]:
        """Return the location for JSON."""
        return {
            "error_mm": self.error_mm,
            "place_ras_mm": self.position_ras_mm,
            "side": self.side,
            "region": self.region,
        }


@dataclass(frozen=True, eq=False)
class ExpectedError:
    """Map and statistics of the expected error of an implant's outer surface.

    Attributes:
        volume: Expected error in mm at each voxel of the implant, float16; 0 elsewhere and where it is unknown.
        known_percent: Percentage of the implant's voxels where it is known.
        mean_mm: Mean over these voxels; None if it is known nowhere.
        p95_mm: 95th percentile over these voxels; None if it is known nowhere.
        worst: Where it is largest; None if it is known nowhere.
    """

    volume: Volume
    known_percent: float
    mean_mm: float | None = None
    p95_mm: float | None = None
    worst: WorstLocation | None = None

    @property
    def warnings(self) -> tuple[str, ...]:
        """Why the implant is doubtful, one sentence each."""
        warnings = []
        if self.worst is not None and self.p95_mm is not None and self.p95_mm > P95_MM:
            warnings.append(
                f"The model is uncertain about this implant: on 5 % of the outer surface it expects an error of more "
                f"than {self.p95_mm:.1f} mm, the largest on the {self.worst.side} ({self.worst.region}); compare the "
                "implant with the contralateral side."
            )
        if self.known_percent < KNOWN_PERCENT:
            warnings.append(
                f"{100 - self.known_percent:.0f} % of this implant lies outside the brain case, where the error cannot "
                "be estimated; inspect the implant closely there."
            )
        return tuple(warnings)

    def as_dict(self) -> dict[str, object]:
        """Return the statistics for JSON."""
        return {
            "known_percent": self.known_percent,
            "mean_mm": self.mean_mm,
            "p95_mm": self.p95_mm,
            "worst": self.worst and self.worst.as_dict(),
        }


def summarize(volume: Volume, implant: Volume, pose: HeadPose) -> ExpectedError:
    """Return a map of the expected error with its statistics.

    Args:
        volume: The map; see :class:`ExpectedError`.
        implant: Mask of the implant, of the same geometry.
        pose: Pose of the template on the skull.

    Raises:
        InputError: If the implant is empty.
    """
    box = foreground_box(implant.voxels)
    part = volume.crop(box)
    known = part.voxels > 0
    known_percent = round(100 * float(known.sum() / implant.voxels[box].sum()), 1)
    if not known.any():
        return ExpectedError(volume, known_percent)
    values = part.voxels[known].astype(np.float32)
    return ExpectedError(
        volume,
        known_percent,
        mean_mm=round(float(values.mean()), 2),
        p95_mm=round(float(np.percentile(values, 95)), 2),
        worst=_worst(part, pose),
    )


def _worst(part: Volume, pose: HeadPose) -> WorstLocation:
    """Return where the largest error of a map is expected."""
    index = np.unravel_index(part.voxels.argmax(), part.shape)
    position = part.to_ras(np.array([index]))
    right_mm = pose.to_template(position)[0, 0]
    side = "midline" if abs(right_mm) < MIDLINE_MM else "left" if right_mm < 0 else "right"
    r, a, s = np.round(position[0], 1).tolist()
    return WorstLocation(
        error_mm=round(float(part.voxels[index].astype(np.float32)), 2),
        position_ras_mm=(r, a, s),
        side=side,
        region=ALL_REGIONS[pose.label_points(position)[0] - 1].name,
    )
