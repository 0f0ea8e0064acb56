"""What the user should know about a finished piece."""

from __future__ import annotations

from CraNeXtLib.implant.finishing.finished_implant import FinishedPiece
from CraNeXtLib.implant.finishing.settings import FinishSettings

_NOTABLE_UNDERCUT = 0.05  # fraction of a piece that may be removed for insertion without a warning


def piece_warnings(piece: FinishedPiece, undercut_ml: float, settings: FinishSettings, *, engraved: bool) -> list[str]:
    """Return what the user should know about a finished piece.

    Args:
        piece: What was done to it.
        undercut_ml: Its undercut before rounding, in mL.
        settings: What should have been done.
        engraved: Whether it bears the text.
    """
    if not piece.parts:
        return ["Finishing leaves nothing of it; reduce the clearance or the edge radius."]
    warnings = []
    if settings.engraving and not engraved:
        warnings.append("The engraving does not fit on the implant and was left out; shorten the text.")
    if settings.perforation_diameter_mm and not piece.perforations:
        warnings.append(
            "No perforation fits on the implant, so none was made; reduce the perforations' distance from the border."
        )
    if piece.parts > 1:
        warnings.append(
            f"Finishing split the implant into {piece.parts} separate parts; inspect where it came apart and "
            "increase the minimum thickness, or reduce the clearance."
        )
    if undercut_ml > _NOTABLE_UNDERCUT * piece.raw_ml:
        warnings.append(
            f"{undercut_ml:.1f} mL of the implant were removed because they would collide with bone on insertion; "
            "consider another insertion direction or an implant in two parts."
        )
    return warnings
