"""Kinds of synthetic defects: how large, how many, and where on the head."""

from __future__ import annotations

from dataclasses import dataclass, replace

from CraNeXtLib.anatomy.head.landmarks import BASE_DEPTH


@dataclass(frozen=True)
class DefectKind:
    """Where a kind of defect lies and how large it is.

    Attributes:
        azimuth: Range in degrees from the front, on either side of the head.
        elevation: Range in degrees above the level of the vault's centre.
        radius: Mean and standard deviation of the primary sphere, in mm.
        stretch: The spheres' half axes left-right, front-back and up-down, relative to their radius.
        lowest: How far it may reach below the vertex, as a fraction of the skull's length.
    """

    azimuth: tuple[float, float]
    elevation: tuple[float, float]
    radius: tuple[float, float] = (28.0, 8.0)
    stretch: tuple[float, float, float] = (1.0, 1.0, 1.0)
    lowest: float = BASE_DEPTH


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
