"""The contents of a report, for any kind of page: headings, tables and pictures from ``result.json``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from CraNeXtLib.cases.report.figures import Figure
from CraNeXtLib.cases.verdict import DOES_NOT_FIT, FITS, other_warnings

Rows = list[tuple[str, str]]
_QUESTIONS = {
    "complete": "Is the defect covered completely?",
    "no_false_positive": "Is nothing added elsewhere?",
    "restored_shape": "Is the shape restored?",
    "smooth_transition": "Does it meet the skull without a step?",
    "minimal_thickness": "Is it thick enough and not too thick?",
    "rim_within": "Does the rim follow the bone within tolerance?",
    "overlap": "Is it free of overlap with bone?",
    "wall": "Is every wall thick enough?",
    "insertion": "Does it go in without touching bone?",
    "watertight": "Is its surface watertight?",
}
_NOT_VALIDATED = "Thresholds and settings are this project's own and not validated clinically."
_EXPECTED_ERROR = "Error of the outer surface that the model itself expects, given the visible part of the skull."
_VERDICTS = {True: "yes", False: "NO", None: "not measured"}
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
    """

    heading: str
    rows: Rows = field(default_factory=list)
    figures: Sequence[Figure] = ()
    note: str = ""


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
    result: dict[str, Any], figures: Sequence[Figure], maps: Sequence[Figure], expected: Sequence[Figure] = ()
) -> list[Section]:
    """Return the report's sections; those without content are left out.

    Args:
        result: Content of ``result.json``, see ``Docs/result-format.md``.
        figures: The skull with its implant.
        maps: Distance maps on the implant.
        expected: Map of the expected error on it.
    """
    sections = [
        Section("Implant", _implant(result), figures[:1]),
        Section("Defects found", _defects(result)),
        Section("Expected error", _expected_error(result), expected, _EXPECTED_ERROR),
        Section("Checklist", _criteria(result.get("checklist")), note=_NOT_VALIDATED),
        Section("Fit", _criteria(result.get("fit")) + _fit(result), maps, _fit_note(result)),
        Section("Finishing", _finishing(result), note=_NOT_VALIDATED),
        Section("Against the reference implant", _metrics(result)),
        Section("From all sides", figures=figures[1:]),
        Section("Provenance", _provenance(result)),
    ]
    return [section for section in sections if section.rows or section.figures]


def _implant(result: dict[str, Any]) -> Rows:
    agreement = result.get("agreement")
    return [
        ("Volume", f"{result['implant_volume_ml']:.1f} mL"),
        ("Area of the outer surface", f"{result['defect_area_cm2']:.1f} cm²"),
        ("Thickness", _spread(result["thickness_mm"])),
        ("Pieces", "; ".join(f"{p['volume_ml']:.1f} mL at {_place(p['centre_ras_mm'])}" for p in result["pieces"])),
        ("Surface", "watertight" if result["watertight"] else "not watertight"),
        *([("Agreement with the mirrored skull's", f"DSC {agreement:.2f}")] if agreement is not None else []),
    ]


def _defects(result: dict[str, Any]) -> Rows:
    return [(f"Defect {number}", _defect(defect)) for number, defect in enumerate(result.get("defects", ()), 1)]


def _defect(defect: dict[str, Any]) -> str:
    shares = sorted(defect["percent"].items(), key=lambda share: -share[1])
    regions = ", ".join(f"{name} {percent:.0f} %" for name, percent in shares if percent >= 1)
    opening = defect["opening_cm2"]
    return (
        f"{defect['side']}; {regions}; {defect['area_cm2']:.1f} cm², {defect['volume_ml']:.1f} mL, "
        f"{defect['extent_mm']:.0f} mm across, {defect['perimeter_mm']:.0f} mm around; open before "
        f"{opening['before']:.1f} cm², after {opening['after']:.1f} cm²; middle at {_place(defect['centre_ras_mm'])}"
    )


def _expected_error(result: dict[str, Any]) -> Rows:
    expected = result.get("expected_error")
    if not expected:
        return []
    rows, worst = [], expected["worst"]
    if worst:
        place = f"{worst['side']}, {worst['region']}, at {_place(worst['place_ras_mm'])}"
        rows = [
            ("Outer surface", f"mean {expected['mean_mm']:.1f} mm, 95 % below {expected['p95_mm']:.1f} mm"),
            ("Largest", f"{worst['error_mm']:.1f} mm: {place}"),
        ]
    return [*rows, ("Known for", f"{expected['known_percent']:.0f} % of the implant")]


def _criteria(check: dict[str, Any] | None) -> Rows:
    return [(_QUESTIONS[c["name"]], _criterion(c)) for c in check["criteria"]] if check else []


def _criterion(criterion: dict[str, Any]) -> str:
    answer = _VERDICTS[criterion["passed"]]
    if criterion["value"] is None or criterion["unit"] == "yes":
        return answer
    unit = "" if criterion["unit"] == "ratio" else f" {criterion['unit']}"
    answer += f": {criterion['value']:.2f}{unit}, threshold {criterion['threshold']:g}{unit}"
    place = criterion["place_ras_mm"]
    return f"{answer}; worst at {_place(place)}" if place and criterion["passed"] is False else answer


def _fit(result: dict[str, Any]) -> Rows:
    fit = result.get("fit")
    if not fit:
        return []
    spreads = {
        "Gap along the rim": fit["rim_gap_mm"],
        "Thickness": fit["thickness_mm"],
        "Beyond the mirrored side": fit["symmetry_mm"],
    }
    rows = [(name, _spread(values)) for name, values in spreads.items() if values]
    ways = [
        f"outward {_direction(way['outward_ras'])}, up to {way['cone_deg']:.0f}° to any side"
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
        f"Of the {'finished implant' if of == 'finished_implant' else 'implant as the model made it'}. {_NOT_VALIDATED}"
    )


def _finishing(result: dict[str, Any]) -> Rows:
    finishing = result.get("finishing")
    if not finishing:
        return []
    return [(name.replace("_", " "), _value(value)) for name, value in finishing["settings"].items()]


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
        *([("Model", f"{model['name']}, SHA-256 {model['sha256']}")] if model else []),
        *([("Parameters", _listed(result["parameters"]))] if "parameters" in result else []),
        ("Versions", ", ".join(f"{name} {version}" for name, version in result["versions"].items())),
    ]


def _listed(parameters: dict[str, Any]) -> str:
    """Return settings as text, without files, whose names may be a patient's."""
    shown = parameters | {"reference_implant": "given" if parameters.get("reference_implant") else None}
    return ", ".join(f"{name.replace('_', ' ')}: {_value(value)}" for name, value in shown.items())


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "(" + ", ".join(f"{name.replace('_', ' ')}: {_value(part)}" for name, part in value.items()) + ")"
    return {"None": "none", "True": "yes", "False": "no"}.get(str(value), str(value))


def _spread(values: dict[str, float]) -> str:
    """Return the distribution of a length."""
    return (
        f"median {values['median']:.1f} mm, 5 % to 95 %: {values['p05']:.1f} to {values['p95']:.1f} mm, "
        f"all: {values['min']:.1f} to {values['max']:.1f} mm"
    )


def _direction(vector: Sequence[float]) -> str:
    """Return a RAS unit vector as text, by its largest components, such as ``L 0.9, S 0.4``."""
    return ", ".join(
        f"{('RAS' if part > 0 else 'LPI')[axis]} {abs(part):.1f}"
        for axis, part in enumerate(vector)
        if abs(part) >= 0.15
    )


def _spacing(source: dict[str, Any]) -> str:
    return " × ".join(f"{side:.3g}" for side in source["spacing_mm"])


def _place(point: Sequence[float]) -> str:
    """Return RAS coordinates in mm, with signs, because the origin may lie beside the head."""
    return f"RAS {', '.join(f'{value:.0f}' for value in point)} mm"
