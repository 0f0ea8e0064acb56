"""The measurements of an implant as a table in the scene."""

from __future__ import annotations

from typing import Any

import vtk

from CraNeXtLib.slicer_ui.scene.result_nodes import fill_columns
from CraNeXtLib.slicer_ui.translation import _


def fill_measures(node: Any, description: dict[str, Any]) -> None:
    """Put the measurements in a ``result.json`` into a table node with string columns measure, value, and unit."""
    columns = {title: vtk.vtkStringArray() for title in (_("Measure"), _("Value"), _("Unit"))}
    for row in measure_rows(description):
        for column, cell in zip(columns.values(), row, strict=True):
            column.InsertNextValue(cell)
    fill_columns(node, columns)


def measure_rows(description: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return measure, value and unit of each measurement, those that a surgeon asks for first on top."""
    thickness = description["thickness_mm"]
    pieces = [f"{piece['volume_ml']:.1f}" for piece in description["pieces"]]
    preview = _("{model}, quick preview") if description.get("preview") else "{model}"
    made = _("{model}, edited by hand") if description.get("edited") else "{model}"
    verdicts = {"fits": _("fits"), "does not fit": _("does NOT fit"), "not judged": _("not judged")}
    return [
        *([(_("Verdict"), verdicts[description["verdict"]["answer"]], "")] if "verdict" in description else []),
        (_("Volume"), f"{description['implant_volume_ml']:.1f}", "mL"),
        (_("Outer surface area"), f"{description['defect_area_cm2']:.1f}", "cm²"),
        (_("Thickness, median"), f"{thickness['median']:.1f}", "mm"),
        (_("Thickness, 5% to 95%"), f"{thickness['p05']:.1f} – {thickness['p95']:.1f}", "mm"),
        (_("Thickness, minimum"), f"{thickness['min']:.1f}", "mm"),
        *_expected_rows(description.get("expected_error")),
        *_donor_rows(description.get("donor")),
        *_tissue_rows(description.get("soft_tissue")),
        (_("Pieces"), *(("1", "") if len(pieces) == 1 else (f"{len(pieces)}: {', '.join(pieces)}", "mL"))),
        (_("Surface"), _("watertight") if description["watertight"] else _("not watertight"), ""),
        (_("Made by"), made.format(model=preview.format(model=description["model"]["name"])), ""),
    ]


def _expected_rows(expected: dict[str, Any] | None) -> list[tuple[str, str, str]]:
    """Return the expected error of the outer surface, if it was estimated."""
    if not expected or expected["mean_mm"] is None:
        return []
    return [(_("Expected error, mean and 95%"), f"{expected['mean_mm']:.1f}, {expected['p95_mm']:.1f}", "mm")]


def _donor_rows(donor: dict[str, Any] | None) -> list[tuple[str, str, str]]:
    """Return how much the donor gave and how well it matches, if there is one."""
    if not donor:
        return []
    return [
        (_("From the donor"), f"{donor['percent']:.0f}", "%"),
        (_("Donor's distance to the skull, RMS"), f"{donor['rms_mm']:.2f}", "mm"),
    ]


def _tissue_rows(tissue: dict[str, Any] | None) -> list[tuple[str, str, str]]:
    """Return by how much the soft tissue over the part is thinner than on the other side, if it was measured."""
    if not tissue:
        return []
    thinner = tissue["thinner_mm"]
    return [
        (_("Soft tissue thinner over the part, median and 95%"), f"{thinner['median']:.1f}, {thinner['p95']:.1f}", "mm")
    ]
