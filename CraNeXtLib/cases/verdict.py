"""The one verdict on a part, from the fit check and the checklist: it fits, it does not, or it was not judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from CraNeXtLib.cases.criterion_wording import measured, question_of
from CraNeXtLib.evaluation.criterion import Bound

FITS, DOES_NOT_FIT, NOT_JUDGED = "fits", "does not fit", "not judged"


def with_verdict(description: Mapping[str, Any]) -> dict[str, Any]:
    """Return the description of an implant with ``verdict``, which is the first of the warnings if it does not fit.

    Args:
        description: Content of a JSON description with ``fit``, ``checklist`` and ``warnings``; an earlier verdict in
            it is replaced.
    """
    answer, reasons = _judged(description)
    sentences = {
        FITS: "The part fits: it meets every criterion of the fit check and the checklist.",
        DOES_NOT_FIT: f"The part does NOT fit: {'; '.join(reasons)}.",
        NOT_JUDGED: f"Whether the part fits was not judged: {'; '.join(reasons)}.",
    }
    verdict = {"answer": answer, "reasons": reasons, "sentence": sentences[answer]}
    others = other_warnings(description)
    warnings = [verdict["sentence"], *others] if answer == DOES_NOT_FIT else others
    return {**description, "verdict": verdict, "warnings": warnings}


def contradiction(description: Mapping[str, Any]) -> str | None:
    """Return what in a description contradicts its own measurements, such as an edited verdict; None if nothing does.

    Args:
        description: Content of a JSON description with a verdict.
    """
    for criterion in (*_criteria(description, "fit"), *_criteria(description, "checklist")):
        value = criterion["value"]
        if value is not None and criterion["passed"] is not Bound.of(criterion).met_by(value):
            return f"the answer to '{question_of(criterion['name'])}', {measured(criterion)}"
    if with_verdict(description)["verdict"] != description["verdict"]:
        return "the verdict"
    return None


def other_warnings(description: Mapping[str, Any]) -> list[str]:
    """Return the warnings of a description without its verdict, for places that show both."""
    verdict = description.get("verdict", {}).get("sentence")
    return [warning for warning in description["warnings"] if warning != verdict]


def _judged(description: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Return the answer and the reasons for it."""
    if description.get("preview"):
        return NOT_JUDGED, ["this is a quick preview"]
    if not description.get("finishing"):
        return NOT_JUDGED, ["there is no finished part"]
    fit, checklist = (_criteria(description, check) for check in ("fit", "checklist"))
    failed = [_failure(criterion) for criterion in (*fit, *checklist) if criterion["passed"] is False]
    if failed:
        return DOES_NOT_FIT, failed
    unknown = [f"'{question_of(one['name'])}' was not measured" for one in fit if one["passed"] is None]
    return (NOT_JUDGED, unknown) if unknown else (FITS, [])


def _criteria(description: Mapping[str, Any], check: str) -> Sequence[Mapping[str, Any]]:
    return (description.get(check) or {}).get("criteria", ())


def _failure(criterion: Mapping[str, Any]) -> str:
    """Return what was measured, its limit, and where it is worst."""
    place = criterion["place_ras_mm"]
    worst = f", worst at RAS {', '.join(f'{side:.0f}' for side in place)} mm" if place else ""
    return measured(criterion) + worst
