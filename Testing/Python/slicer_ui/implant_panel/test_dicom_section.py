"""An exported case becomes DICOM files from the panel, beside its other files.

This does not prove: that Slicer's DICOM database finds the CT's files, which a stand-in does here; what is in the DICOM
files, which the tests of ``cases/archive`` check.
"""

from types import SimpleNamespace

import pytest
from archived_cases import scanned_head, write_case
from ct_phantoms import write_series
from slicer_ui.panel_actions import parameters, press

from CraNeXtLib.core.errors import InputError

pytest_plugins = ["slicer_stand_ins.pytest_plugin", "slicer_ui.implant_fixtures", "slicer_ui.implant_panel_fixtures"]


@pytest.fixture
def archived(tmp_path):
    """A case and the CT that it was made from."""
    ct, bone, implant = scanned_head()
    write_series(ct, tmp_path / "ct")
    return write_case(tmp_path / "case", bone, implant), tmp_path / "ct"


@pytest.fixture
def database(archived, monkeypatch):
    """Slicer's DICOM database with the CT."""
    import slicer

    files = {"1.2.3": str(next(archived[1].iterdir()))}
    monkeypatch.setattr(slicer, "dicomDatabase", SimpleNamespace(fileForInstance=files.get), raising=False)
    return files


@pytest.fixture
def packages(monkeypatch):
    """The lists of packages that were asked for; all are installed."""
    asked = []
    monkeypatch.setattr("CraNeXtLib.slicer_ui.environment.panel.packages_here", lambda lists: asked.extend(lists) or [])
    return asked


def say_exported(widget, folder):
    """Make the panel take a folder for the one that the result was exported to."""
    widget.panel.exporting._exported = (folder, parameters(widget).result.GetAttribute("CraNeXt.Result"))
    widget.panel.binding.update()


def test_the_files_are_written_beside_the_exported_case(made, archived, database, packages, worker):  # noqa: ARG001
    case, _ct = archived
    writing = made.panel.archiving.writing
    assert writing.stage_label.text == "Press “Export” first."
    say_exported(made, case)
    assert writing.stage_label.text == "Choose the “CT series”; the CT was not loaded with Slicer's module DICOM."
    result = parameters(made).result
    result.GetNodeReference("CraNeXt.Input").SetAttribute("DICOM.instanceUIDs", "1.2.3 1.2.4")
    made.panel.binding.update()
    worker.work = worker.do_task
    press(writing)
    assert writing.message.text == f"implant_seg.dcm, implant_stl.dcm, report_pdf.dcm are in {case}."
    assert {"implant_seg.dcm", "export.json", "result.json"} < {path.name for path in case.iterdir()}
    result.SetAttribute("CraNeXt.Result", result.GetAttribute("CraNeXt.Result").replace("the truth", "a model"))
    made.panel.binding.update()  # the implant was measured again
    assert writing.stage_label.text == "Press “Export” first."


def test_the_worker_receives_the_chosen_series(made, archived, database, packages, worker):  # noqa: ARG001
    def refuse(_asked):
        raise InputError("There are 2 CT series; choose one by its number with --series: 3; 4.")

    worker.work = refuse
    case, ct = archived
    say_exported(made, case)
    made.ui.dicomEdit.currentPath = str(ct)
    made.ui.seriesEdit.text = " 3 "
    made.ui.patientCheckBox.checked = True
    writing = made.panel.archiving.writing
    press(writing)
    assert {"codecs", "archive"} < set(packages)
    expected = {"task": "export", "case": str(case), "out": str(case), "ct": str(ct), "series": "3", "patient": True}
    assert worker.asked == expected
    assert writing.message.text == "There are 2 CT series; choose one by its number with “Series”: 3; 4."
