"""A finished implant: its mask, its mesh, and what finishing did to it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.finishing.hole_candidates import Hole
from CraNeXtLib.implant.finishing.plates import Plate
from CraNeXtLib.implant.finishing.settings import FinishSettings


@dataclass(frozen=True)
class FinishedPiece:
    """What finishing did to one connected piece of the implant.

    Attributes:
        outward_ras: RAS unit vector out of the head: the direction in which the piece is removed or, if undercuts were
            kept, the direction from the center of the head.
        raw_ml: Volume before finishing, in mL.
        finished_ml: Volume after finishing, in mL.
        undercut_ml: Volume removed because it would collide with bone on insertion, in mL.
        perforations: Number of holes.
        parts: Connected parts after finishing; 0 if nothing is left.
        plates: Plates that fix it.
        holes: Holes for sutures.
    """

    outward_ras: tuple[float, float, float]
    raw_ml: float
    finished_ml: float
    undercut_ml: float
    perforations: int
    parts: int
    plates: tuple[Plate, ...] = ()
    holes: tuple[Hole, ...] = ()


@dataclass(frozen=True, eq=False)
class FinishedImplant:
    """A finished implant.

    Args:
        implant: Boolean mask with the geometry of the input; shares no voxel with the skull.
        mesh: Its surface in RAS mm, extracted from the distance field and not from the mask.
        pieces: What was done to each piece, largest first.
        settings: The settings of finishing.
        warnings: Warnings for the user, one sentence each.
    """

    implant: Volume
    mesh: Mesh
    pieces: tuple[FinishedPiece, ...]
    settings: FinishSettings
    warnings: tuple[str, ...]

    @property
    def outward_ras(self) -> tuple[float, float, float] | None:
        """The direction of the largest piece of which something is left."""
        return next((piece.outward_ras for piece in self.pieces if piece.parts), None)

    def as_dict(self) -> dict[str, Any]:
        """Return settings and pieces for JSON."""
        return {
            "validated_clinically": False,
            "settings": asdict(self.settings),
            "pieces": [asdict(piece) for piece in self.pieces],
        }
