"""Which models of bone and which titanium sheet are made, as a panel's parameters say it."""

from __future__ import annotations

from typing import Any


def model_settings(parameters: Any) -> dict[str, Any]:
    """Return the arguments of :func:`CraNeXtLib.cases.model_files.write_models`; None for what is not asked for.

    Args:
        parameters: The parameters of the panel, as attributes; 0 asks for nothing.
    """
    onlay = (parameters.onlayThickness, parameters.onlayOverlap)
    return {
        "bone_model_mm": parameters.boneModel or None,
        "bone_base_mm": parameters.boneBase or None,
        "skull_model_mm": parameters.skullModel or None,
        "onlay_mm": onlay if parameters.onlayThickness else None,
    }
