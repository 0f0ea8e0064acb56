"""The contents of a report, for any kind of page: headings, tables and pictures from ``result.json``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from CraNeXtLib.cases.report.figures import Figure
from CraNeXtLib.cases.report.fixation_rows import FIXATION_NOTE, fixation_places, fixation_rows
from CraNeXtLib.cases.report.places import Place, criteria_places
from CraNeXtLib.cases.report.segment_rows import SEGMENTS_NOTE, segment_rows
from CraNeXtLib.cases.report.setting_words import setting_words
from CraNeXtLib.cases.report.sign_off import SIGN_OFF_NOTE
from CraNeXtLib.cases.report.tissue_rows import TISSUE_NOTE, tissue_rows
from CraNeXtLib.cases.report.wording import (
    DONOR_NOTE,
    NOT_VALIDATED,
    Rows,
    bulk_text,
    criteria_rows,
    direction_text,
    donor_rows,
    place_text,
    seat_text,
    spread_text,
    value_text,
)
from CraNeXtLib.cases.verdict import DOES_NOT_FIT, FITS, other_warnings

_EXPECTED_ERROR = "Error of the outer surface that the model itself expects, given the visible part of the skull."
_METRICS = {
    "dsc": "DSC",
    "bdsc": "bDSC",
    "dh95_mm": "dH95, mm",
    "sdh_mm": "SdH, mm",
    "fnr": "FNR",
    "fpr": "FPR",
}


@dataclass(frozen=True)
class Head:
    """What the report begins with.

    Args:
        title: Its first line.
        verdict: Whether the part fits, and why not, in one sentence.
        fits: The same as yes, no or, if it was not judged, None.
        notices: Sentences to read next: that it is for research use, and the warnings.
    """

    title: str
    verdict: str
    fits: bool | None
    notices: Sequence[str]


@dataclass(frozen=True)
class Section:
    """A part of the report.

    Args:
        heading: Title of the section.
        rows: A table of names and values.
        figures: Pictures below the table.
        note: A remark above the table.
        places: Where lines of the table are in the scene, by their names.
    """

    heading: str
    rows: Rows = field(default_factory=list)
    figures: Sequence[Figure] = ()
    note: str = ""
    places: Mapping[str, Place] = field(default_factory=dict)


def head_of(result: dict[str, Any]) -> Head:
    """Return the head of the report on a result, see ``Docs/result-format.md``."""
    verdict = result["verdict"]
    return Head(
        title=f"Cranial implant, case {result['case_id']}",
        verdict=verdict["sentence"],
        fits={FITS: True, DOES_NOT_FIT: False}.get(verdict["answer"]),
        notices=[result["notice"], *other_warnings(result)],
    )


def sections_of(
    result: dict[str, Any],
    figures: Sequence[Figure],
    maps: Sequence[Figure],
    expected: Sequence[Figure] = (),
    fixation: Sequence[Figure] = (),
    donor: Sequence[Figure] = (),
    tissue: Sequence[Figure] = (),
    onlay: Sequence[Figure] = (),
    sign_off: Rows | None = None,
) -> list[Section]:
    """Return the report's sections; those without content are left out.

    Args:
        result: Content of ``result.json``, see ``Docs/result-format.md``.
        figures: The skull with its implant, without what the report opens with.
        maps: Distance maps on the implant.
        expected: Map of the expected error on it.
        fixation: Its plates and holes.
        donor: Its parts from a donor and from the model.
        tissue: Soft tissue over it, compared with the other side.
        onlay: A titanium sheet on the skull.
        sign_off: What is signed.
    """
    checklist, fit, finishing = (result.get(name) for name in ("checklist", "fit", "finishing"))
    sections = [
        Section("Implant", _implant(result)),
        Section("Defects found", _defects(result), places=_defect_places(result)),
        Section("Donor", donor_rows(result.get("donor")), donor, DONOR_NOTE),
        Section("Expected error", _expected_error(result), expected, _EXPECTED_ERROR, _expected_error_places(result)),
        Section("Checklist", criteria_rows(checklist), note=NOT_VALIDATED, places=criteria_places(checklist)),
        Section("Fit", criteria_rows(fit) + _fit(result), maps, _fit_note(result), criteria_places(fit)),
        Section("Soft tissue", tissue_rows(result.get("soft_tissue")), tissue, TISSUE_NOTE),
        Section("Segments", segment_rows(result), note=SEGMENTS_NOTE),
        Section("Titanium onlay", _onlay(result), onlay, NOT_VALIDATED),
        Section("Plates and holes", fixation_rows(finishing), fixation, FIXATION_NOTE, fixation_places(finishing)),
        Section("Finishing", _finishing(result), note=NOT_VALIDATED),
        Section("Against the reference implant", _metrics(result)),
        Section("From all sides", figures=figures),
        Section("Provenance", _provenance(result)),
        Section("Sign-off", sign_off or [], note=SIGN_OFF_NOTE),
    ]
    return [section for section in sections if section.rows or section.figures]


def _implant(result: dict[str, Any]) -> Rows:
    agreement = result.get("agreement")
    return [
        ("Volume", f"{result['implant_volume_ml']:.1f} mL"),
        ("Area of the outer surface", f"{result['defect_area_cm2']:.1f} cm²"),
        ("Thickness", spread_text(result["thickness_mm"])),
        ("Pieces", "; ".join(f"{p['volume_ml']:.1f} mL at {place_text(p['centre_ras_mm'])}" for p in result["pieces"])),
        ("Surface", "watertight" if result["watertight"] else "not watertight"),
        *([("Agreement with the mirrored skull's", f"DSC {agreement:.2f}")] if agreement is not None else []),
    ]


def _defects(result: dict[str, Any]) -> Rows:
    return [(f"Defect {defect['number']}", _defect(defect)) for defect in result.get("defects", ())]


def _defect_places(result: dict[str, Any]) -> dict[str, Place]:
    return {f"Defect {one['number']}": Place(tuple(one["centre_ras_mm"])) for one in result.get("defects", ())}


def _defect(defect: dict[str, Any]) -> str:
    shares = sorted(defect["percent"].items(), key=lambda share: -share[1])
    regions = ", ".join(f"{name} {percent:.0f} %" for name, percent in shares if percent >= 1)
    opening = defect["opening_cm2"]
    return (
        f"{defect['side']}; {regions}; {defect['area_cm2']:.1f} cm², {defect['volume_ml']:.1f} mL, "
        f"{defect['extent_mm']:.0f} mm across, {defect['perimeter_mm']:.0f} mm around; open before "
        f"{opening['before']:.1f} cm², after {opening['after']:.1f} cm²; middle at "
        f"{place_text(defect['centre_ras_mm'])}"
    )


def _expected_error(result: dict[str, Any]) -> Rows:
    expected = result.get("expected_error")
    if not expected:
        return []
    rows, worst = [], expected["worst"]
    if worst:
        place = f"{worst['side']}, {worst['region']}, at {place_text(worst['place_ras_mm'])}"
        rows = [
            ("Outer surface", f"mean {expected['mean_mm']:.1f} mm, 95 % below {expected['p95_mm']:.1f} mm"),
            ("Largest", f"{worst['error_mm']:.1f} mm: {place}"),
        ]
    return [*rows, ("Known for", f"{expected['known_percent']:.0f} % of the implant")]


def _expected_error_places(result: dict[str, Any]) -> dict[str, Place]:
    worst = (result.get("expected_error") or {}).get("worst")
    return {"Largest": Place(tuple(worst["place_ras_mm"]), "expected_error_mm")} if worst else {}


def _fit(result: dict[str, Any]) -> Rows:
    fit = result.get("fit")
    if not fit:
        return []
    spreads = {
        "Gap along the rim": fit["rim_gap_mm"],
        "Thickness": fit["thickness_mm"],
        "Beyond the mirrored side": fit["symmetry_mm"],
    }
    rows = [(name, spread_text(values)) for name, values in spreads.items() if values]
    seat = fit.get("seat_angle_deg")
    if seat:
        rows.append(("Seat angle of the rim", seat_text(seat)))
    ways = [
        f"outward {direction_text(way['outward_ras'])}, up to {way['cone_deg']:.0f}° to any side"
        for way in fit["insertions"]
        if way["free"]
    ]
    return [
        *rows,
        ("Free ways in", "; ".join(ways) or "none found"),
        ("Volume and weight", f"{fit['volume_ml']:.1f} mL, {fit['weight_g']:.0f} g of solid {fit['material']}"),
    ]


def _fit_note(result: dict[str, Any]) -> str:
    of = result.get("fit", {}).get("of")
    return (
        f"Of the {'finished implant' if of == 'finished_implant' else 'implant as the model made it'}. {NOT_VALIDATED}"
    )


def _finishing(result: dict[str, Any]) -> Rows:
    finishing = result.get("finishing")
    if not finishing:
        return []
    pieces = finishing.get("pieces", ())
    bulk = [("Added bulk", bulk_text(piece)) for piece in pieces if piece.get("bulk_ml")]
    return [("Settings", "; ".join(setting_words(finishing["settings"])) or "as the model made it"), *bulk]


def _onlay(result: dict[str, Any]) -> Rows:
    sheets = result.get("onlay", ())
    return [(f"Sheet {number}", _sheet(sheet)) for number, sheet in enumerate(sheets, 1)]


def _sheet(sheet: dict[str, Any]) -> str:
    gap, strain, (width, height) = sheet["gap_mm"], sheet["strain_percent"], sheet["flat_mm"]
    return (
        f"{sheet['thickness_mm']:g} mm thick, {sheet['overlap_mm']:g} mm over the bone, {sheet['area_cm2']:.0f} cm², "
        f"{sheet['weight_g']:.0f} g; above the bone {gap['median']:.1f} mm (median), at most {gap['max']:.1f} mm; laid "
        f"flat {width:.0f} × {height:.0f} mm, lengths changed by up to {strain['max']:.1f} %, 95 % of them by "
        f"less than {strain['p95']:.1f} %"
    )


def _metrics(result: dict[str, Any]) -> Rows:
    return [
        (_METRICS.get(name, name), "infinite" if value is None else f"{value:.4f}")
        for name, value in result.get("metrics", {}).items()
    ]


def _provenance(result: dict[str, Any]) -> Rows:
    source, model = result["input"], result.get("model")
    one = "sha256" in source  # a part that was drawn by hand has two
    inputs = {"Input": source} if one else {"Implant": source["implant"], "Skull": source["skull"]}
    return [
        *([("Edited", "by hand, after the model made it")] if result.get("edited") else []),
        ("Input", f"{' × '.join(map(str, source['shape']))} voxels of {_spacing(source)} mm, {source['orientation']}"),
        *((f"{name} SHA-256", file["sha256"]) for name, file in inputs.items()),
        *([("Donor SHA-256", result["donor"]["sha256"])] if "donor" in result else []),
        *([("Model", f"{model['name']}, SHA-256 {model['sha256']}")] if model else []),
        *([("Parameters", _listed(result["parameters"]))] if "parameters" in result else []),
        ("Versions", ", ".join(f"{name} {version}" for name, version in result["versions"].items())),
    ]


def _listed(parameters: dict[str, Any]) -> str:
    """Return settings as text, without files, whose names may be a patient's."""
    shown = parameters | {name: "given" for name in ("reference_implant", "donor") if parameters.get(name)}
    return ", ".join(f"{name.replace('_', ' ')}: {value_text(value)}" for name, value in shown.items())


def _spacing(source: dict[str, Any]) -> str:
    return " × ".join(f"{side:.3g}" for side in source["spacing_mm"])
