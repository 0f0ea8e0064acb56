"""Descriptions that an earlier version wrote into a folder or a scene, in the form of today."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from CraNeXtLib.cases.verdict import with_verdict
from CraNeXtLib.evaluation.criterion import Bound

_AT_LEAST = ("minimal_thickness", "rim_within", "seat", "wall", "watertight")
"""Criteria whose value must not be below the limit; of others, not above."""


def of_today(description: Mapping[str, Any]) -> dict[str, Any]:
    """Return a description whose criteria have bounds; of an earlier version, its verdict is worded anew.

    Earlier versions wrote of each criterion only the ``threshold`` that its value was compared with. Of thickness,
    which has two limits, the other one is not known.

    Args:
        description: Content of a JSON description with ``fit`` or ``checklist``, or neither.
    """
    checks = {name: description[name] for name in ("fit", "checklist") if description.get(name)}
    earlier = [name for name, check in checks.items() if any("at_least" not in one for one in check["criteria"])]
    if not earlier:
        return dict(description)
    bounded = {name: checks[name] | {"criteria": list(map(_bounded, checks[name]["criteria"]))} for name in earlier}
    today = {**description, **bounded}
    return with_verdict(today) if "verdict" in description else today


def _bounded(criterion: Mapping[str, Any]) -> dict[str, Any]:
    value, limit = criterion["value"], criterion["threshold"]
    above = criterion["passed"] is False and value > limit  # also of thickness, if it is too great
    bound = Bound(at_least=limit) if criterion["name"] in _AT_LEAST and not above else Bound(at_most=limit)
    return {**criterion, **asdict(bound)}
