"""What the approval sheet says about a part, in words that need no manual."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from CraNeXtLib.cases.report.contents import Head, head_of
from CraNeXtLib.cases.report.segment_rows import segment_rows
from CraNeXtLib.cases.report.setting_words import setting_words
from CraNeXtLib.cases.report.wording import Rows, bulk_text, criteria_rows, donor_rows

_HASH_DIGITS = 12
_NOTABLE = 0.35  # cosine above which a direction also comes from that side, within about 70° of it
_SIDES = (("left", "right"), ("behind", "the front"), ("below", "above"))
_ELSEWHERE = ("clearance_mm", "insertion")
"""Settings that other lines of the sheet say."""

EXPLANATION = (
    "Mostly: without the lowest and the highest 5 %. Median: half of the places have less, half have more. RAS: place "
    "in the scan, in mm toward the patient's right (R), front (A) and top (S). SHA-256: a number that changes with the "
    "file; compare it before you make the part. Limits and settings are this project's own, not validated clinically."
)


@dataclass(frozen=True)
class ApprovalSheet:
    """The contents of a sheet.

    Args:
        head: Title, verdict and notices, as in the report.
        part: Place, size, fit, settings and material of the part.
        checks: Questions and answers of checklist and fit check.
        files: Hashes of input, part and mold, model and software.
        statement: The sentence that is signed.
    """

    head: Head
    part: Rows
    checks: Rows
    files: Rows
    statement: str


def sheet_of(
    result: Mapping[str, Any], hashes: Mapping[str, Mapping[str, str]], mold: Mapping[str, Any] | None = None
) -> ApprovalSheet:
    """Return the contents of the sheet on a finished part.

    Args:
        result: Content of ``result.json`` or ``finish.json`` with a finished part.
        hashes: SHA-256 by file, of what is made: ``"Part"`` and, if there is one, ``"Mold"``.
        mold: Content of ``mold.json``, if there is a mold.
    """
    description = dict(result)
    case_id = description["case_id"]
    name, digest = next(iter(hashes["Part"].items()))
    head = head_of(description)
    doubts = [f"Mold: {warning}" for warning in mold["warnings"]] if mold else []
    return ApprovalSheet(
        head=replace(head, title=f"Approval sheet: cranial implant, case {case_id}", notices=[*head.notices, *doubts]),
        part=_part(description) + (_mold(mold) if mold else []),
        checks=criteria_rows(description["fit"]) + criteria_rows(description["checklist"]),
        files=_files(description, hashes),
        statement=(
            f"I have compared the part of case {case_id} (file {name}, SHA-256 {digest[:_HASH_DIGITS]}…) with the "
            "patient's images. My answer:"
        ),
    )


def _part(result: Mapping[str, Any]) -> Rows:
    fit, settings = result["fit"], result["finishing"]["settings"]
    gap, symmetry = fit["rim_gap_mm"], fit["symmetry_mm"]
    measured = f"along the rim {_mostly(gap)}" if gap else "not measured, since no bone is near"
    bulk = [piece for piece in result["finishing"].get("pieces", ()) if piece.get("bulk_ml")]
    return [
        *(("Place", _place(defect)) for defect in result.get("defects", ())),
        *([("Source", "; ".join(value for _, value in donor_rows(result["donor"])))] if "donor" in result else []),
        ("Size", f"{fit['volume_ml']:.1f} mL; covers {result['defect_area_cm2']:.0f} cm²"),
        ("Thickness", f"{_mostly(fit['thickness_mm'])}; thinnest wall {fit['smallest_wall_mm']:.1f} mm"),
        ("Gap to the bone", f"set to {settings['clearance_mm']:g} mm; {measured}"),
        *([("Outer side", _beside_the_other(symmetry))] if symmetry else []),
        ("Insertion", "; ".join(map(_way, fit["insertions"])) + f"; {_undercuts(settings['insertion'])}"),
        *(("Added bulk", bulk_text(piece)) for piece in bulk),
        *segment_rows(dict(result)),
        ("Shape", "; ".join(setting_words(settings, without=_ELSEWHERE)) or "as the model made it"),
        ("Material", f"{fit['material']}, {fit['weight_g']:.0f} g if solid"),
    ]


def _mold(description: Mapping[str, Any]) -> Rows:
    mold = description["mold"]
    size = " × ".join(f"{side:.0f}" for side in mold["size_mm"])
    needed, off = mold["material_ml"]["total"], mold["check"]["cavity_mm"]
    return [
        ("Mold", f"{size} mm; takes {needed:.0f} mL of material; its cavity is within {off:.2f} mm of the molded part")
    ]


def _place(defect: Mapping[str, Any]) -> str:
    shares = sorted(defect["percent"].items(), key=lambda share: -share[1])
    regions = ", ".join(f"{region.lower()} {percent:.0f} %" for region, percent in shares if percent >= 1)
    return f"{defect['side']}; {regions}; {defect['extent_mm']:.0f} mm across"


def _mostly(values: Mapping[str, float]) -> str:
    return f"mostly {values['p05']:.1f} to {values['p95']:.1f} mm, median {values['median']:.1f} mm"


def _beside_the_other(symmetry: Mapping[str, float]) -> str:
    """Return how the part lies to the other side of the head, such as ``median 0.8 mm farther out``."""
    low, middle, high = (
        f"{abs(symmetry[name]):.1f} mm farther {'in' if symmetry[name] < 0 else 'out'}"
        for name in ("p05", "median", "p95")
    )
    return f"mostly from {low} to {high} than the mirrored other side, median {middle}"


def _way(way: Mapping[str, Any]) -> str:
    """Return how one part goes in, such as ``straight in from the left, free up to 5° to any side``."""
    line = f"straight in from {_from(way['outward_ras'])}"
    if not way["free"]:
        return f"{line} it meets bone, {way['collision_mm']:.1f} mm deep; NO free way was found"
    return f"{line}, free up to {way['cone_deg']:.0f}° to any side"


def _from(outward: Sequence[float]) -> str:
    axes = sorted((axis for axis in range(3) if abs(outward[axis]) > _NOTABLE), key=lambda axis: -abs(outward[axis]))
    sides = [_SIDES[axis][outward[axis] > 0] for axis in axes]
    return " and ".join(f"the {side}" if side in _SIDES[0] else side for side in sides)


def _undercuts(insertion: Any) -> str:
    return "undercuts kept" if insertion == "none" else "undercuts along this way removed"


def _files(result: Mapping[str, Any], hashes: Mapping[str, Mapping[str, str]]) -> Rows:
    source, model, versions = result["input"], result.get("model"), dict(result["versions"])
    inputs = {"skull": source} if "sha256" in source else {name: source[name] for name in ("implant", "skull")}
    drawn = "drawn or edited by hand" if result.get("edited") or not model else ""
    made_by = f"{model['name']}, SHA-256 {model['sha256']}" if model else ""
    return [
        *((f"Input ({name})", file["sha256"]) for name, file in inputs.items()),
        *([("Input (donor)", result["donor"]["sha256"])] if "donor" in result else []),
        *((f"{kind}: {name}", digest) for kind, files in hashes.items() for name, digest in files.items()),
        ("Model", "; ".join(filter(None, (made_by, drawn)))),
        ("Software", f"CraNeXt {versions.pop('cranext')}, " + ", ".join(f"{n} {v}" for n, v in versions.items())),
    ]
