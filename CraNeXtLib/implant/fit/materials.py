"""Densities of the materials that cranial implants are made of, for the weight of a part."""

from __future__ import annotations

from CraNeXtLib.core.errors import InputError

DEFAULT_MATERIAL = "PEEK"

DENSITIES_G_CM3 = {"PEEK": 1.30, "PMMA": 1.18, "titanium": 4.40, "hydroxyapatite": 3.10}
"""Densities of the solid materials in g/cm³. PMMA (1.12 to 1.20), titanium alloys and synthetic hydroxyapatite (3.05 to
3.15) are from Regenerative Biomaterials 2014, table 1 (PMC4669019). PEEK is the usual figure of suppliers and was not
checked against a publication. Pores and holes reduce the weight only if they are part of the mesh."""


def weight_g(volume_ml: float, material: str) -> float:
    """Return the weight of a volume of a material, in g.

    Raises:
        InputError: If the material is unknown.
    """
    return volume_ml * density_g_cm3(material)


def density_g_cm3(material: str) -> float:
    """Return the density of a material, in g/cm³.

    Raises:
        InputError: If the material is unknown.
    """
    if material not in DENSITIES_G_CM3:
        raise InputError(f"There is no material '{material}'; choose from {', '.join(DENSITIES_G_CM3)}.")
    return DENSITIES_G_CM3[material]
