"""In which unit and space the coordinates of a mesh are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from CraNeXtLib.core.errors import InputError, shown
from CraNeXtLib.geometry.mesh_formats.mesh_names import MESH_SPACES, MESH_UNITS

TO_RAS = {"LPS": np.array([-1.0, -1.0, 1.0]), "RAS": np.ones(3)}
"""Factors between the coordinates of a space and RAS, in either direction."""


@dataclass(frozen=True)
class MeshFrame:
    """What the coordinates of a mesh mean; empty where it is not known.

    Args:
        unit: The unit of length, such as one of ``MESH_UNITS``.
        space: ``"LPS"`` or ``"RAS"``.
    """

    unit: str = ""
    space: str = ""

    @classmethod
    def given(cls, unit: str | None, space: str | None) -> MeshFrame:
        """Return the frame that options give, None for what is not given.

        Raises:
            InputError: If there is no such unit or space.
        """
        if unit and unit not in MESH_UNITS:
            raise InputError(f"There is no unit '{shown(unit)}' of meshes; choose one of {', '.join(MESH_UNITS)}.")
        if space and space not in MESH_SPACES:
            raise InputError(f"There is no space '{shown(space)}' of meshes; choose LPS or RAS.")
        return cls(unit or "", space or "")

    def known(self, other: MeshFrame) -> MeshFrame:
        """Return this frame with another's unit and space where it has none."""
        return MeshFrame(self.unit or other.unit, self.space or other.space)


NOT_STATED = MeshFrame()
