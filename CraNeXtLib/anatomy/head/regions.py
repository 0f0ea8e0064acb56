"""The regions of the skull by which defects are described (paper, section III.C and Fig. 5)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Region:
    """A region of the skull.

    Attributes:
        label: Value in a label map.
        name: Name as spelled in the paper.
        color: Red, green and blue, 0 to 255.
        anatomy: SNOMED CT code and meaning of the bone, for the terminology of segments.
    """

    label: int
    name: str
    color: tuple[int, int, int]
    anatomy: tuple[str, str]

    @property
    def key(self) -> str:
        """Name for keys and file names, such as ``"upper_parietal"``."""
        return self.name.lower().replace(" & ", "_").replace(" ", "_")


_PARIETAL = ("24924006", "Parietal bone")
_FRONTAL = ("74872008", "Frontal bone")
_FACE = ("91397008", "Facial bones")
_SKULL = ("89546000", "Skull")

REGIONS = (
    Region(1, "Maxilla & Mandible", (148, 137, 180), _FACE),
    Region(2, "Temporal", (230, 159, 70), ("60911003", "Temporal bone")),
    Region(3, "Occipital", (106, 168, 110), ("31640002", "Occipital bone")),
    Region(4, "Lower Parietal", (33, 97, 160), _PARIETAL),
    Region(5, "Middle Parietal", (86, 160, 211), _PARIETAL),
    Region(6, "Upper Parietal", (174, 214, 241), _PARIETAL),
    Region(7, "Lower Frontal", (176, 58, 46), _FRONTAL),
    Region(8, "Upper Frontal", (236, 138, 120), _FRONTAL),
)
"""The eight regions in the order of their labels."""

UNDEFINED = Region(9, "Undefined", (150, 150, 150), _SKULL)
"""Bone that is too far from every region."""

ALL_REGIONS = (*REGIONS, UNDEFINED)
