"""Densities of the materials that cranial implants are made of, for the weight of a part."""

from __future__ import annotations

from CraNeXtLib.core.errors import InputError

DEFAULT_MATERIAL = "PEEK"

DENSITIES_G_CM3 = {"PEEK": 1.30, "PMMA": 1.18, "titanium": 4.40, "hydroxyapatite": 3.10}
"""Of the solid material. PMMA (1.12 to 1.20), titanium alloys and synthetic hydroxyapatite (3.05 to 3.15): Regenerative
Biomaterials 2014, table 1 (PMC4669019). PEEK: usual figure of suppliers, not checked against a publication. A porous or
perforated part weighs less by its holes only if they are part of the mesh."""


def weight_g(volume_ml: float, material: str) -> float:
    """Return the weight of a volume of a material.

    Raises:
        InputError: If the material is unknown.
    """
    return volume_ml * density_g_cm3(material)


def density_g_cm3(material: str) -> float:
    """Return the density of a material.

    Raises:
        InputError: If it is unknown.
    """
    if material not in DENSITIES_G_CM3:
        raise InputError(f"There is no material '{material}'; choose among {', '.join(DENSITIES_G_CM3)}.")
    return DENSITIES_G_CM3[material]
