"""Broken folders among the models, below the list of models in two panels.

This does not prove: that it looks well in Slicer, whose widgets are stand-ins here.
"""

import json

import pytest

from CraNeXtLib.completion import model_library

pytest_plugins = ["slicer_stand_ins.pytest_plugin"]


@pytest.mark.parametrize("module", ["CraNeXtImplant", "CraNeXtTraining"])
def test_broken_models_are_named_with_the_reason_and_others_stay_in_the_list(panel, module, tmp_path, monkeypatch):
    monkeypatch.setenv("CRANEXT_HOME", str(tmp_path))
    models = tmp_path / "models"
    newer = {"name": "from 2030", "kind": "network", "sha256": "0", "format_version": 99}
    for name, content in (("empty", None), ("torn", '{"name": "to'), ("from 2030", json.dumps(newer))):
        (models / name).mkdir(parents=True)
        if content:
            (models / name / "model.json").write_text(content)
    widget = panel(module)
    ui, broken = widget.ui, widget.panel.models.broken
    if module == "CraNeXtTraining":
        ui.modelSection.collapsed = False
    assert not ui.brokenModelsFrame.isHidden()
    title, *reasons = broken.message.text.splitlines()
    assert title == "These models cannot be chosen; repair or delete them:"
    assert reasons[0] == f"{models / 'empty'} is not a model folder: its model.json is missing."
    assert reasons[1] == f"The model in {models / 'from 2030'} was made for a newer version; update CraNeXt."
    assert reasons[2].startswith(f"{models / 'torn'} is not a model folder: its model.json is damaged.")
    assert ui.modelComboBox.findData(model_library.DEFAULT_MODEL) >= 0
    for name in ("empty", "from 2030", "torn"):
        assert ui.modelComboBox.findData(name) < 0


@pytest.mark.parametrize("module", ["CraNeXtImplant", "CraNeXtTraining"])
def test_nothing_is_shown_while_every_model_can_be_used(panel, module, tmp_path, monkeypatch):
    monkeypatch.setenv("CRANEXT_HOME", str(tmp_path))
    ui = panel(module).ui
    assert ui.brokenModelsFrame.isHidden()
