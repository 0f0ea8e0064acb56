"""A mask as it was read from a file, a volume's or a mesh's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.mesh_formats.mesh_frame import NOT_STATED, MeshFrame
from CraNeXtLib.geometry.mesh_formats.mesh_names import MESH_SPACES
from CraNeXtLib.geometry.volume import Volume

MESH_IN_A_TABLE: dict[str, str] = {
    "give --mesh-space LPS or RAS": "give it in the column orientation",
    "give --mesh-space": "give it in the column orientation",
    "give its unit with --mesh-unit": "save it in mm",
}
"""Replacements for the command line's options in messages about the meshes of a table."""


@dataclass(frozen=True, eq=False)
class LoadedMask:
    """A mask, and what its file was.

    Attributes:
        mask: The mask, of type bool.
        frame: Unit and space of a mesh's coordinates; None if the file is a volume.
        warnings: What was decided for the user, one sentence each.
    """

    mask: Volume
    frame: MeshFrame | None = None
    warnings: tuple[str, ...] = ()

    @property
    def mesh_space(self) -> str:
        """The space in which meshes are written for it: its own, or LPS for a volume."""
        return self.frame.space if self.frame else "LPS"


def frame_in_table(orientation: str) -> MeshFrame:
    """Return what the column ``orientation`` of a table says about a mesh: its space."""
    return MeshFrame(space=orientation.upper()) if orientation.upper() in MESH_SPACES else NOT_STATED


def check_without_doubt(warnings: Sequence[str]) -> None:
    """Refuse what was read with a warning, where nobody would read it: among the many cases of a table.

    Raises:
        InputError: If there is a warning.
    """
    if warnings:
        raise InputError(f"{' '.join(warnings)} Among many cases, nothing is decided for you; mend the file first.")
