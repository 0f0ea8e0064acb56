"""Results in a scene that an earlier version saved, before criteria had bounds.

This does not prove: that Slicer reads such a scene.
"""

import json
from types import SimpleNamespace

import pytest

from CraNeXtLib.slicer_ui.scene.criteria_rows import criterion_row
from CraNeXtLib.slicer_ui.scene.evaluation_nodes import evaluation_of
from CraNeXtLib.slicer_ui.scene.result_references import description_of


@pytest.mark.parametrize(("read", "check"), [(description_of, "fit"), (evaluation_of, "checklist")])
def test_criteria_have_their_limits(read, check):
    wall = {"name": "wall", "value": 1.3, "unit": "mm", "threshold": 2.0, "passed": False, "place_ras_mm": None}
    saved = SimpleNamespace(GetAttribute=lambda _name: json.dumps({check: {"criteria": [wall]}}))
    assert criterion_row("Thinnest wall", read(saved)[check]["criteria"][0])[1:3] == ("1.3 mm", "≥ 2.0 mm")
