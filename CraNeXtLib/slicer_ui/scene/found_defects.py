"""The defects that a reconstruction has found, for display, and the choice among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.slicer_ui.translation import _


def defect_rows(defects: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    """Return number and region, side, and volume of each of ``found_defects``."""
    sides = {"left": _("left"), "right": _("right"), "bilateral": _("both sides")}
    return [
        (f"{defect['number']}: {defect['main_region']}", sides[defect["side"]], f"{defect['volume_ml']:.1f} mL")
        for defect in defects
    ]


def defects_to_make(defects: Sequence[Mapping[str, Any]], ticks: Sequence[bool]) -> str | None:
    """Return the defects to make, for ``CaseSettings``; None for those that are not doubtful.

    Args:
        defects: The ``found_defects`` of a result of the same skull.
        ticks: Which of them to make.

    Raises:
        InputError: If no defect is ticked.
    """
    if len(defects) < 2:
        return None
    if not any(ticks):
        raise InputError(_("No defect is ticked; tick under “Defects” what to make."))
    if list(ticks) == [defect["doubt"] is None for defect in defects]:
        return None
    return ",".join(str(defect["number"]) for defect, ticked in zip(defects, ticks, strict=True) if ticked)
