"""One implant measured as a whole, and its files."""

import json
import subprocess
import sys

import numpy as np
import pytest
from plain_metrics import capped_shell, volumes
from repository import TESTS

from CraNeXtLib import evaluate
from CraNeXtLib.cases.evaluation_case import write_evaluation
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.evaluation import metrics, surface_hausdorff


def test_agrees_with_the_single_metrics():
    implant, reference, skull = capped_shell(2)
    found = evaluate(implant, reference, skull)
    assert found.dsc == metrics.dice(implant, reference)
    assert found.bdsc == metrics.border_dice(implant, reference, skull)
    assert found.dh95_mm == metrics.surface_distances(implant, reference).percentile(95)
    assert found.sdh_mm == surface_hausdorff.projected_distances(implant, reference, skull).hausdorff
    assert found.reference_ml - found.false_negative_ml == pytest.approx(found.implant_ml - found.false_positive_ml)
    assert found.field_of_view_ml == pytest.approx(32**3 * 1.5**3 / 1000)
    assert found.diagonal_mm == pytest.approx(32 * 1.5 * 3**0.5)
    assert list(found.main_metrics()) == ["dsc", "bdsc", "dh95_mm", "sdh_mm", "fnr", "fpr"]
    assert found.flags == ()


def test_the_reference_itself_is_perfect():
    _, reference, skull = capped_shell()
    found = evaluate(reference, reference, skull)
    assert (found.dsc, found.bdsc, found.dh_mm, found.sdh_mm, found.fnr, found.fpr) == (1, 1, 0, 0, 0, 0)


def test_an_empty_implant_is_a_failure_that_json_can_hold():
    implant, reference, skull = capped_shell()
    found = evaluate(implant.with_voxels(np.zeros(implant.shape)), reference, skull)
    assert found.flags == ("implant_empty",)
    assert (found.dsc, found.fnr, found.dh95_mm, found.sdh_mm) == (0, 1, np.inf, np.inf)
    assert json.loads(json.dumps(found.main_metrics(), allow_nan=False))["dh95_mm"] is None


def test_refuses_other_geometry():
    implant, reference, _ = capped_shell()
    with pytest.raises(InputError, match="one grid"):
        evaluate(implant, reference, volumes(np.ones((4, 4, 4)))[0])


def head_case(shift=(1, 0, 0)):
    """An ellipsoid vault of 2 mm voxels with a defect on top, its implant displaced by some voxels."""
    x, y, z = np.ogrid[-44:44, -52:52, -42:42]
    level = np.sqrt((x / 36) ** 2 + (y / 44) ** 2 + (z / 34) ** 2)
    bone = (level < 1) & (level > 0.9) & (z > -30)
    hole = (np.hypot(x - 4, y) < 14) & (z > 0)
    skull = bone & ~hole
    return volumes(np.roll(bone & hole, shift, (0, 1, 2)) & ~skull, bone & hole, skull, spacing=(2, 2, 2))


def test_writes_everything_that_is_known(tmp_path):
    implant, reference, skull = head_case()
    found = evaluate(implant, reference, skull)
    names = write_evaluation(found, tmp_path / "out", implant, reference, skull, ratings={"complete": True})
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


def test_nothing_is_left_where_writing_fails(tmp_path):
    implant, reference, skull = head_case()
    found = evaluate(implant, reference, skull)
    with pytest.raises(InputError, match="criterion"):
        write_evaluation(found, tmp_path / "out", implant, reference, skull, ratings={"beauty": True})
    assert not (tmp_path / "out").exists()


def test_needs_neither_display_nor_opengl(tmp_path):
    """VTK ends the process where it finds no OpenGL, so nothing of VTK that draws may even be loaded."""
    code = (
        "import sys\n"
        "from plain_metrics import write_evaluation, evaluate, head_case\n"
        "case = head_case()\n"
        f"assert 'rim_map.png' in write_evaluation(evaluate(*case), {str(tmp_path)!r}, *case)\n"
        "assert any(name.startswith('vtkmodules') for name in sys.modules)\n"
        "assert not [name for name in sys.modules if 'vtkRendering' in name or name == 'vtk']"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=TESTS)
