"""How criteria are worded wherever they are shown: what each asks, what was measured, and what is allowed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from CraNeXtLib.evaluation.criterion import Bound

ANSWERS = {True: "yes", False: "NO", None: "not measured"}
"""What ``passed`` of a criterion says."""

_WORDS = {
    "complete": ("Is the defect covered completely?", "widest gap left open {value}"),
    "no_false_positive": ("Is nothing added elsewhere?", "{value} of the implant outside the defect"),
    "restored_shape": ("Is the shape restored?", "up to {value} from the reference implant"),
    "smooth_transition": ("Does it meet the skull without a step?", "highest step to the skull {value}"),
    "minimal_thickness": ("Is it thick enough and not too thick?", "{value} as thick as the skull"),
    "rim_within": ("Does the rim follow the bone within tolerance?", "{value} of the rim within tolerance"),
    "overlap": ("Is it free of overlap with bone?", "reaches {value} deep into bone"),
    "seat": ("Does the rim seat on the bone?", "seat angle {value}, positive where the rim widens outward"),
    "wall": ("Is every wall thick enough?", "thinnest wall {value}"),
    "insertion": ("Does it go in without touching bone?", "cuts {value} deep into bone on its way in"),
    "segments": (
        "Does each segment go in past bone and those before it?",
        "a segment cuts {value} deep on its way in",
    ),
    "watertight": ("Is its surface watertight?", "surface not closed"),
}
"""What each criterion asks, and what was measured, by its name."""

_WORDS_OF_ZERO = {
    "overlap": "does not reach into bone",
    "insertion": "does not cut into bone on its way in",
    "segments": "no segment cuts into bone or another one on its way in",
}
"""What was measured if it is 0, where a depth of 0 would read badly."""

_UNITS = {"deg": "°", "ratio": " times"}


def question_of(name: str) -> str:
    """Return what a criterion asks, by its name."""
    return _WORDS[name][0]


def measured(criterion: Mapping[str, Any]) -> str:
    """Return what was measured and what is allowed, with their unit.

    Args:
        criterion: ``Criterion.as_dict``, whose value was measured.
    """
    text, unit = _WORDS[criterion["name"]][1], criterion["unit"]
    if unit == "yes":
        return text
    if criterion["value"] == 0:
        text = _WORDS_OF_ZERO.get(criterion["name"], text)
    return f"{text.format(value=_with_unit(criterion['value'], unit))} ({limits(criterion)})"


def limits(criterion: Mapping[str, Any]) -> str:
    """Return what is allowed, such as ``"at most 1.2 mm"``."""
    bound, unit = Bound.of(criterion), criterion["unit"]
    if bound.at_least is None:
        return f"at most {_with_unit(bound.limit_for(None), unit)}"
    if bound.at_most is None:
        return f"at least {_with_unit(bound.at_least, unit)}"
    return f"{bound.at_least:g} to {_with_unit(bound.at_most, unit)}"


def _with_unit(value: float, unit: str) -> str:
    return f"{value:g}{_UNITS.get(unit, f' {unit}')}"
