"""How a report words plates, screws and holes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from CraNeXtLib.cases.report.places import Place
from CraNeXtLib.cases.report.wording import Rows, place_text

FIXATION_NOTE = (
    "Sizes and distances are settings and not validated clinically. Vessels were not looked for, except by the "
    "distance to the midline. A screw must not be longer than the depth. Positions in millimeters."
)


def fixation_rows(finishing: dict[str, Any] | None) -> Rows:
    """Return a row for each plate and each kind of hole of a finished part."""
    return [(name, text) for name, text, _ in _lines(finishing)]


def fixation_places(finishing: dict[str, Any] | None) -> dict[str, Place]:
    """Return where each plate and each kind of hole is, the first of its holes, by the names of the rows."""
    return {name: Place(tuple(holes[0]["place_ras_mm"])) for name, _, holes in _lines(finishing) if holes}


def _lines(finishing: dict[str, Any] | None) -> Iterator[tuple[str, str, list[dict[str, Any]]]]:
    """Return name, text and holes of each plate and each kind of hole."""
    pieces = finishing["pieces"] if finishing else []
    for number, piece in enumerate(pieces, 1):
        of = f" of piece {number}" if len(pieces) > 1 else ""
        for index, plate in enumerate(piece.get("plates", ()), 1):
            yield f"Plate {index}{of}", _plate(plate), plate["screws"]
        for purpose in ("suture", "suspension"):
            holes = [hole for hole in piece.get("holes", ()) if hole["purpose"] == purpose]
            if holes:
                yield f"{purpose.capitalize()} holes{of}", "; ".join(map(_hole, holes)), holes


def _plate(plate: dict[str, Any]) -> str:
    recess = f", recess of {plate['recess_mm']:g} mm in part and bone" if plate["recess_mm"] else ""
    sides = "; ".join(
        f"{purpose}: " + ", ".join(_hole(screw) for screw in _of(plate["screws"], purpose))
        for purpose in ("screw in part", "screw in bone")
    )
    return f"{plate['kind']}{recess}, {plate['next_mm']:.0f} mm to the next along the rim; {sides}"


def _of(screws: Sequence[dict[str, Any]], purpose: str) -> list[dict[str, Any]]:
    return [screw for screw in screws if screw["purpose"] == purpose]


def _hole(hole: dict[str, Any]) -> str:
    midline, spur = hole["midline_mm"], hole.get("spur")
    return (
        f"{place_text(hole['place_ras_mm'])}, depth {hole['depth_mm']:.1f}, to the edge {hole['edge_mm']:.1f}"
        + ("" if midline is None else f", to the midline {midline:.0f}")
        + (f", spur of {spur['length_mm']:g}, {spur['wall_mm']:.1f} thick" if spur else "")
    )
