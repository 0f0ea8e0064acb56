"""Kinds of synthetic defects: their size and location."""

from __future__ import annotations

from dataclasses import dataclass, replace

from CraNeXtLib.anatomy.head.proportions import BASE_DEPTH


@dataclass(frozen=True)
class DefectKind:
    """Location and size of a kind of defect.

    Attributes:
        azimuth: Range in degrees from the front, on either side of the head.
        elevation: Range in degrees above the level of the vault's center.
        radius: Mean and standard deviation of the primary sphere, in mm.
        stretch: The spheres' half axes left-right, front-back and up-down, relative to their radius.
        lowest: How far the defect may reach below the vertex, as a fraction of the skull's length.
    """

    azimuth: tuple[float, float]
    elevation: tuple[float, float]
    radius: tuple[float, float] = (28.0, 8.0)
    stretch: tuple[float, float, float] = (1.0, 1.0, 1.0)
    lowest: float = BASE_DEPTH


@dataclass(frozen=True)
class DeepKind:
    """A kind of defect that takes deep bone too, bends, and may end below the base.

    Attributes:
        spheres: Its location and size; ``lowest`` below is used instead of theirs.
        reach: Range of the depth, in mm below the outer surface, down to which bone goes.
        lowest: Range of how far it may reach below the vertex, as a fraction of the skull's length.
        bend: Range of the standard deviation of the displacement that bends it, in mm.
    """

    spheres: DefectKind
    reach: tuple[float, float] = (25.0, 60.0)
    lowest: tuple[float, float] = (0.6, 0.85)
    bend: tuple[float, float] = (1.5, 5.0)


_ANYWHERE = DefectKind(azimuth=(0, 180), elevation=(5, 90))

KINDS: dict[str, DefectKind | None] = {
    "bilateral": DefectKind((0, 12), (40, 85), radius=(38, 6), stretch=(1.5, 1.0, 1.0)),
    "fronto-orbital": DefectKind((8, 35), (0, 20), radius=(42, 6), lowest=0.62),
    "parieto-temporal": DefectKind((75, 120), (5, 40), radius=(45, 6), stretch=(1.0, 1.2, 1.0)),
    "random-1": _ANYWHERE,
    "random-2": _ANYWHERE,
    "skullfix": None,
    "sloped-edge": replace(_ANYWHERE, radius=(34, 6)),
    "non-break-through": replace(_ANYWHERE, radius=(34, 6)),
    "bone-residue": replace(_ANYWHERE, radius=(38, 6)),
}
"""The kinds by name.

Only the names of the five SkullBreak kinds are known; location and size of the first three are our choice. ``random-1``
and ``random-2`` are two draws of one distribution, with the radii and number of spheres of the AutoImplant 2020
generator that SkullBreak's random kinds came from. ``skullfix`` imitates the 86 measured implants: an upright box at
the top and back of the head, with round columns at its front corners. The last three are the hard cases of the paper's
Table 7.

Median and 5th to 95th percentile of 200 defects of each kind on 86 SkullFix skulls at about 2 mm, by
``Testing/benchmarks/defects.py`` (the real SkullFix implants have 46 ± 11 mL, SkullBreak's by the paper's Table 1
43 ± 24 mL on average over its kinds):

================= ============== ==============
kind              area in cm²    volume in mL
================= ============== ==============
bilateral         72 (41-107)    51 (24-87)
fronto-orbital    53 (31-83)     39 (21-63)
parieto-temporal  68 (39-103)    43 (23-73)
random-1          30 (11-63)     20 (8-47)
random-2          30 (10-57)     21 (6-42)
skullfix          65 (53-79)     48 (34-62)
sloped-edge       58 (35-88)     38 (19-60)
non-break-through 39 (21-60)     17 (8-32)
bone-residue      45 (25-71)     30 (15-54)
================= ============== ==============
"""

DEEP_KINDS = {
    "deep-orbital": DeepKind(DefectKind((5, 50), (-14, 22), radius=(28, 7))),
    "deep-temporal": DeepKind(DefectKind((50, 115), (-18, 18), radius=(29, 7))),
    "deep-occipital": DeepKind(DefectKind((135, 180), (-26, 10), radius=(29, 6))),
    "deep-bilateral": DeepKind(DefectKind((0, 15), (20, 85), radius=(37, 6), stretch=(1.6, 1.0, 1.0))),
    "deep-anywhere": DeepKind(DefectKind((0, 180), (0, 90), radius=(29, 9))),
}
"""Kinds for training alone, by name: at the orbit, the temporal base and the occiput, and in the vault."""
