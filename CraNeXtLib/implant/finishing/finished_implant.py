"""A finished implant: its mask, its mesh, and what finishing did to it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.finishing.drilling import Bore
from CraNeXtLib.implant.finishing.hole_candidates import Hole
from CraNeXtLib.implant.finishing.plates import Plate
from CraNeXtLib.implant.finishing.settings import FinishSettings


@dataclass(frozen=True)
class FinishedPiece:
    """What finishing did to one connected piece of the implant, or to one segment of a piece.

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
        bulk_ml: Volume that was added over the temple, in mL.
        bulk_mm: Its greatest height above the outer side.
        segment: Number of the segment, in the order of insertion; None for a piece that is not split.
        bores: Round holes through it, perforations included.
    """

    outward_ras: tuple[float, float, float]
    raw_ml: float
    finished_ml: float
    undercut_ml: float
    perforations: int
    parts: int
    plates: tuple[Plate, ...] = ()
    holes: tuple[Hole, ...] = ()
    segment: int | None = None
    bulk_ml: float = 0.0
    bulk_mm: float = 0.0
    bores: tuple[Bore, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the piece for JSON; where perforations are is left out."""
        return {name: value for name, value in asdict(self).items() if name != "bores"}


@dataclass(frozen=True, eq=False)
class FinishedImplant:
    """A finished implant.

    Args:
        implant: Boolean mask with the geometry of the input; shares no voxel with the skull.
        mesh: Its surface in RAS mm, extracted from the distance field and not from the mask, as it is made.
        pieces: What was done to each piece, largest first; its segments, if it has any, in the order of insertion.
        settings: The settings of finishing.
        warnings: Warnings for the user, one sentence each.
        meshes: The surface of each piece or segment of which something is left.
        dense_mesh: The surface before triangles were saved, with vertices as dense everywhere, to measure on.
    """

    implant: Volume
    mesh: Mesh
    pieces: tuple[FinishedPiece, ...]
    settings: FinishSettings
    warnings: tuple[str, ...]
    meshes: tuple[Mesh, ...] = ()
    dense_mesh: Mesh | None = None

    @property
    def segments(self) -> tuple[Mesh, ...]:
        """The surface of each segment of the piece that is split, in the order of insertion."""
        return tuple(mesh for piece, mesh in self._made if piece.segment)

    @property
    def named_meshes(self) -> dict[str, Mesh]:
        """What is printed, by its name: the implant or, if it is split, each segment and what is beside them."""
        if not self.segments:
            return {"Implant": self.mesh}
        others = [mesh for piece, mesh in self._made if not piece.segment]
        named = {f"Segment {number}": mesh for number, mesh in enumerate(self.segments, 1)}
        return named | {f"Piece {number}": mesh for number, mesh in enumerate(others, 2)}

    @property
    def _made(self) -> list[tuple[FinishedPiece, Mesh]]:
        return [*zip((piece for piece in self.pieces if piece.parts), self.meshes, strict=False)]

    @property
    def outward_ras(self) -> tuple[float, float, float] | None:
        """The direction of the largest piece of which something is left."""
        return next((piece.outward_ras for piece in self.pieces if piece.parts), None)

    def as_dict(self) -> dict[str, Any]:
        """Return settings and pieces for JSON."""
        return {
            "validated_clinically": False,
            "settings": asdict(self.settings),
            "pieces": [piece.as_dict() for piece in self.pieces],
        }
