"""How far off an implant's outer surface is expected to be: the shape model's own doubt about it, in mm.

How well predictions agree (flipped and not, network and shape model) says nothing about the error; what the shape model
expects does (``Testing/benchmarks/expected_error.py``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from CraNeXtLib.anatomy.head.pose import HeadPose
from CraNeXtLib.anatomy.head.regions import ALL_REGIONS
from CraNeXtLib.geometry.box import foreground_box
from CraNeXtLib.geometry.volume import Volume

NAME = "expected_error"
PICTURE = f"{NAME}.png"
P95_MM, KNOWN_PERCENT = 1.5, 90.0  # beyond which an implant is doubted
MIDLINE_MM = 5.0
CAPTION = "By how much the outer surface is expected to be off; grey where that is not known."


@dataclass(frozen=True)
class WorstLocation:
    """Where most error is expected.

    Attributes:
        error_mm: How much.
        position_ras_mm: Where.
        side: ``"left"``, ``"right"``, or ``"midline"`` within 5 mm of it.
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
    """By how much an implant's outer surface is expected to be off.

    Attributes:
        volume: In mm at each voxel of the implant, float16; 0 elsewhere, and where it is not known.
        known_percent: Share of the implant's voxels where it is known.
        mean_mm: Mean over these; None if it is known nowhere, as the next two.
        p95_mm: 95th percentile.
        worst: Where most is expected.
    """

    volume: Volume
    known_percent: float
    mean_mm: float | None = None
    p95_mm: float | None = None
    worst: WorstLocation | None = None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the figures say against the implant, as sentences."""
        warnings = []
        if self.worst and self.p95_mm > P95_MM:
            worst = self.worst
            warnings.append(
                f"The model is unsure of this implant: it expects 5 % of the outer surface to be off by more than "
                f"{self.p95_mm:.1f} mm, most on the {worst.side} ({worst.region}); compare it with the other side."
            )
        if self.known_percent < KNOWN_PERCENT:
            warnings.append(
                f"{100 - self.known_percent:.0f} % of this implant lie beyond the brain case, where nobody knows how "
                "far off it is; look at it closely there."
            )
        return tuple(warnings)

    def as_dict(self) -> dict[str, object]:
        """Return the figures for JSON."""
        return {
            "known_percent": self.known_percent,
            "mean_mm": self.mean_mm,
            "p95_mm": self.p95_mm,
            "worst": self.worst and self.worst.as_dict(),
        }


def summarize(volume: Volume, implant: Volume, pose: HeadPose) -> ExpectedError:
    """Return a map with its figures.

    Args:
        volume: The map, see :class:`ExpectedError`.
        implant: Mask of the implant, of the same geometry.
        pose: How the template lies on the skull.
    """
    box = foreground_box(implant.voxels)
    part = volume.crop(box)
    known = part.voxels > 0
    known_percent = round(100 * float(known.sum() / implant.voxels[box].sum()), 1)
    if not known.any():
        return ExpectedError(volume, known_percent)
    values = part.voxels[known].astype(np.float32)
    place = part.to_ras(np.array([np.unravel_index(part.voxels.argmax(), part.shape)]))
    right = pose.to_template(place)[0, 0]
    side = "midline" if abs(right) < MIDLINE_MM else "left" if right < 0 else "right"
    region = ALL_REGIONS[pose.label_points(place)[0] - 1].name
    return ExpectedError(
        volume,
        known_percent,
        round(float(values.mean()), 2),
        round(float(np.percentile(values, 95)), 2),
        WorstLocation(round(float(values.max()), 2), tuple(np.round(place[0], 1).tolist()), side, region),
    )
