"""Models of bone and a titanium sheet from the panel: in the scene first, then their measures.

This does not prove: that the meshes are good, which the tests of ``cases`` and ``implant`` check.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from slicer_ui.boxed_molds import box
from slicer_ui.panel_actions import cells, choose, parameters, press

from CraNeXtLib.geometry.mesh_formats.mesh_files import write_stl

pytest_plugins = ["slicer_stand_ins.pytest_plugin", "slicer_ui.implant_fixtures", "slicer_ui.implant_panel_fixtures"]

DESCRIPTION = {
    "bone_model": {"volume_ml": 25.04},
    "skull_model": {"triangles": 4321, "largest_distance_mm": 0.0987},
    "onlay": [
        {
            "area_cm2": 31.5,
            "weight_g": 8.5,
            "gap_mm": {"median": 0.4, "max": 1.9},
            "flat_mm": [80.2, 61.4],
            "strain_percent": {"max": 3.25},
        }
    ],
    "warnings": [],
}


@pytest.fixture
def asked(worker):
    """What the worker was asked for; it writes a box for each model."""

    def write_models(asked):
        out = Path(asked["out"])
        out.mkdir()
        for right, name in enumerate(("bone_model", "skull_model", "onlay")):
            write_stl(box(20.0 * right), out / f"{name}.stl")
        (out / "models.json").write_text(json.dumps(DESCRIPTION))

    worker.work = write_models
    return worker.asked


def test_the_models_are_shown_and_then_measured(made, asked):
    import slicer

    ui, making = made.ui, made.panel.modeling.making
    assert making.stage_label.text == "Set “Bone model”, “Skull model” or “Onlay thickness”."
    ui.boneModelSpinBox.value = 20
    ui.boneBaseSpinBox.value = 3
    ui.onlayThicknessSpinBox.value = 0.6
    press(making)
    given = {name: asked[name] for name in ("task", "bone_model_mm", "bone_base_mm", "skull_model_mm", "outward")}
    finishing = json.loads(parameters(made).result.GetAttribute("CraNeXt.Result"))["finishing"]
    assert given == {
        "task": "models",
        "bone_model_mm": 20,
        "bone_base_mm": 3,
        "skull_model_mm": None,
        "outward": finishing["pieces"][0]["outward_ras"],
    }
    assert asked["onlay_mm"] == (0.6, 10.0)
    result = parameters(made).result
    bone, skull, onlay = (result.GetNodeReference(f"CraNeXt.{role}") for role in ("BoneModel", "SkullModel", "Onlay"))
    np.testing.assert_allclose(slicer.util.arrayFromModelPoints(skull).min(axis=0), (20, 5, 7), atol=1e-4)
    implant = result.GetNodeReference("CraNeXt.Surface")
    shows_skull = result.GetDisplayNode().GetSegmentVisibility3D
    for key, shown, with_skull in (
        ("bone_model", [1, 0, 0, 1], False),
        ("skull_model", [0, 1, 0, 1], False),
        ("onlay", [0, 0, 1, 0], True),
        ("implant", [0, 0, 0, 1], True),
    ):
        if key != "bone_model":  # which is shown after the run
            choose(ui.surfaceComboBox, key)
        assert [node.GetDisplayVisibility() for node in (bone, skull, onlay, implant)] == shown
        assert bool(shows_skull("CraNeXt_DefectiveSkull")) == with_skull
    rows = {name: (value, unit) for name, value, unit in cells(ui.modelsTable)}
    assert rows["Bone around the defect"] == ("25.0", "mL")
    assert rows["Skull, largest distance"] == ("0.099", "mm")
    assert rows["Onlay, gap to bone, median and widest"] == ("0.4, 1.9", "mm")
    assert rows["Onlay, size laid flat"] == ("80 × 61", "mm")

    from CraNeXtLib.slicer_ui.scene.model_nodes import models_of, remove_models

    remove_models(result)  # as after the implant was edited
    made.panel.binding.update()
    assert models_of(result) == {}
    assert ui.modelsTable.isHidden()


def test_controls_have_the_librarys_ranges_and_0_for_nothing(widget):
    from CraNeXtLib.implant import model_ranges

    for name, limits in {
        "boneModel": model_ranges.BONE_MODEL_MM,
        "boneBase": model_ranges.BONE_BASE_MM,
        "skullModel": model_ranges.SKULL_MODEL_MM,
        "onlayThickness": model_ranges.ONLAY_THICKNESS_MM,
    }.items():
        box_ = getattr(widget.ui, f"{name}SpinBox")
        assert (box_.minimum, box_.maximum) == (0, limits[1])
        assert box_.text == "None"
