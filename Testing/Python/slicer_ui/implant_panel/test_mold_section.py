"""The mold of a finished part from the panel: its halves in the scene, and its files beside an exported case.

This does not prove: that a mold can be made of this part, which the tests of ``implant/mold`` and ``cases`` check.
"""

from pathlib import Path

import pytest
from slicer_ui.boxed_molds import MODELS, write_boxes
from slicer_ui.panel_actions import cells, choose, parameters, press
from slicer_ui.phantom_nodes import add_model

from CraNeXtLib.core.errors import InputError

pytest_plugins = ["slicer_stand_ins.pytest_plugin", "slicer_ui.implant_fixtures", "slicer_ui.implant_panel_fixtures"]


@pytest.fixture
def finished(made, phantom):
    """The panel after the part was made; here it is the implant as it is."""
    from CraNeXtLib.slicer_ui.scene.result_references import PART, set_referenced_node

    assert made.panel.molding.molding.stage_label.text == "Press “Make the part” under “Finish” first."
    part = add_model(phantom.implant, "Plate")
    set_referenced_node(parameters(made).result, PART, part)
    made.panel.binding.update()
    return made


@pytest.fixture
def asked(worker):
    """What the worker was asked for; it writes boxes."""
    worker.work = lambda asked: write_boxes(Path(asked["out"]))
    return worker.asked


def visible(widget):
    """Return the titles of the visible models of the mold."""
    from CraNeXtLib.slicer_ui.scene.mold_nodes import mold_models

    part = parameters(widget).result.GetNodeReference("CraNeXt.Part")
    return {name for name, (_title, node) in mold_models(part).items() if node.GetDisplayVisibility()}


def test_the_halves_are_shown_around_the_molded_part_and_then_measured(finished, asked):
    ui, molding = finished.ui, finished.panel.molding.molding
    ui.moldWallSpinBox.value = 7.5
    ui.moldVentsSpinBox.value = 2
    ui.moldBuildEdit.text = "250,210,220"
    ui.springFormCheckBox.checked = True
    choose(ui.moldPourComboBox, "inner")
    press(molding)
    settings = asked["settings"]
    assert (asked["task"], asked["spring_form"], asked["case"]) == ("mold", True, None)
    assert (settings["wall_mm"], settings["vents"], settings["pour"]) == (7.5, 2, "inner")
    assert settings["build_mm"] == (250, 210, 220)
    assert molding.message.text == "There was room for 2 of 3 vents; the molded part has them."
    assert ui.surfaceComboBox.currentData == "mold"
    assert visible(finished) == {"mold_outer_1", "mold_outer_2", "mold_inner", "molded_part"}
    skull = parameters(finished).result.GetDisplayNode()
    assert not skull.GetSegmentVisibility3D("CraNeXt_DefectiveSkull")
    assert ["Material needed", "35.5", "mL"] in cells(ui.moldTable)
    for chosen, shown in (
        ("mold_inner", {"mold_inner", "molded_part"}),
        ("spring_ring", {"spring_ring"}),
        ("implant", set()),
    ):
        choose(ui.surfaceComboBox, chosen)
        assert visible(finished) == shown
    assert skull.GetSegmentVisibility3D("CraNeXt_DefectiveSkull")
    assert set(MODELS) < {ui.surfaceComboBox.itemData(row) for row in range(ui.surfaceComboBox.count)}


def test_a_refused_mold_names_the_controls_and_changes_nothing(finished, scene, worker):
    def refuse(_asked):
        raise InputError("The part has no place for a sprue of 6 mm; choose a smaller --sprue-mm, or less --wall-mm.")

    before = scene.GetNumberOfNodes()
    worker.work = refuse
    press(finished.panel.molding.molding)
    assert finished.panel.molding.molding.message.text == (
        "The part has no place for a sprue of 6 mm; choose a smaller “Sprue diameter”, or less “Mold wall”."
    )
    assert scene.GetNumberOfNodes() == before
    assert finished.ui.moldTable.isHidden()


def test_the_files_go_beside_an_exported_case_and_are_made_of_its_part(finished, asked, tmp_path):
    writing = finished.panel.molding.writing
    assert writing.stage_label.text == "Press “Export” first."
    result = parameters(finished).result
    finished.panel.exporting._exported = (tmp_path, result.GetAttribute("CraNeXt.Result"))
    finished.panel.binding.update()
    press(writing)
    assert asked["part"] == str(tmp_path / "finished_implant.stl")
    assert (asked["out"], asked["case"]) == (str(tmp_path / "mold"), str(tmp_path))
    assert writing.message.text.startswith(f"The mold is in {tmp_path / 'mold'}, and the approval sheet names it.")
    assert visible(finished) == {"mold_outer_1", "mold_outer_2", "mold_inner", "molded_part"}
