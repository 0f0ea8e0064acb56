"""The files of an evaluation: metrics, maps, pictures and the checklist."""

import json
import subprocess
import sys

import numpy as np
import pytest
from plain_metrics import head_case
from repository import TESTS

from CraNeXtLib import evaluate
from CraNeXtLib.cases.evaluation_case import judge, write_evaluation
from CraNeXtLib.core.errors import InputError


def test_writes_everything_that_is_known(tmp_path):
    implant, reference, skull = head_case()
    found = evaluate(implant, reference, skull)
    names = write_evaluation(
        found,
        tmp_path / "out",
        implant,
        reference,
        skull,
        checklist=judge(found, implant, reference, skull, ratings={"complete": True}),
    )
    assert sorted(names) == sorted(file.name for file in (tmp_path / "out").iterdir())
    assert {"metrics.json", "distance_map.vtp", "distance_map.png", "rim_map.vtp", "sdh_implant.vtp"} <= set(names)
    description = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert description["version"] == 1
    assert description["metrics"] == found.main_metrics()
    assert description["all_metrics"]["false_positive_ml"] == found.false_positive_ml
    assert len(description["checklist"]["criteria"]) == 5
    assert description["checklist"]["reader_ratings"] == {"complete": True}


def test_an_empty_implant_gives_numbers_but_no_maps(tmp_path):
    _, reference, skull = head_case()
    empty = reference.with_voxels(np.zeros(reference.shape))
    assert write_evaluation(evaluate(empty, reference, skull), tmp_path, empty, reference, skull) == ["metrics.json"]
    description = json.loads((tmp_path / "metrics.json").read_text())
    assert description["checklist"] is None
    assert description["all_metrics"]["flags"] == ["implant_empty"]


def test_nothing_is_left_where_writing_fails(tmp_path, monkeypatch):
    def fail(*_):
        raise InputError("The disk is full.")

    implant, reference, skull = head_case()
    monkeypatch.setattr("CraNeXtLib.evaluation.distance_map_files.write_vtp", fail)
    found = evaluate(implant, reference, skull)
    with pytest.raises(InputError, match="full"):
        write_evaluation(found, tmp_path / "out", implant, reference, skull)
    assert not (tmp_path / "out").exists()
    with pytest.raises(InputError, match="criterion"):
        judge(found, implant, reference, skull, ratings={"beauty": True})


def test_needs_neither_display_nor_opengl(tmp_path):
    """VTK ends the process where it finds no OpenGL, so nothing of VTK that draws may even be loaded."""
    code = (
        "import sys\n"
        "from plain_metrics import head_case\n"
        "from CraNeXtLib import evaluate\n"
        "from CraNeXtLib.cases.evaluation_case import write_evaluation\n"
        "case = head_case()\n"
        f"assert 'rim_map.png' in write_evaluation(evaluate(*case), {str(tmp_path)!r}, *case)\n"
        "assert any(name.startswith('vtkmodules') for name in sys.modules)\n"
        "assert not [name for name in sys.modules if 'vtkRendering' in name or name == 'vtk']"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=TESTS)
