"""CraNeXtImplant's panel in the states that its tests begin with, and what a user does there."""

import numpy as np
import pytest
from slicer_stand_ins.events import wait_until
from slicer_ui.phantom_nodes import add_labelmap

from CraNeXtLib.core.resources import LIBRARY
from CraNeXtLib.geometry.volume_files import write_volume


@pytest.fixture
def widget(panel, phantom):  # noqa: ARG001 (the worker answers with the phantom's implant)
    return panel("CraNeXtImplant")


@pytest.fixture
def made(widget, phantom):
    """The panel after an implant was made of a labelmap."""
    widget.ui.inputSelector.setCurrentNode(add_labelmap(phantom.defective))
    press(widget.panel.making)
    return widget


@pytest.fixture(scope="session")
def evaluated(case, tmp_path_factory):
    """The folder of what the worker writes when it compares the phantom's implant with one that is moved a voxel."""
    from CraNeXtLib.cases import evaluation_case

    phantom, folder = case("oblique").head, tmp_path_factory.mktemp("evaluated")
    moved = phantom.implant.with_voxels(np.roll(phantom.implant.voxels, 1, 0) & ~phantom.defective.voxels)
    volumes = {"implant": phantom.implant, "reference": moved, "skull": phantom.defective}
    place = {"percent": {"Temporal": 75.0, "Upper Frontal": 25.0, "Undefined": 0.0}, "side": "left"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluation_case, "implant_location", lambda *_volumes: place)  # slow, and the tour does it
        for name, volume in volumes.items():
            write_volume(volume, folder / f"{name}.nrrd")
        evaluation_case.evaluate_files(
            *(folder / f"{name}.nrrd" for name in volumes), folder / "result", progress=lambda *_event: None
        )
    return folder / "result"


@pytest.fixture
def really(monkeypatch):
    """Let the real worker work again."""
    from CraNeXtLib.core.runtime import jobs

    return lambda: monkeypatch.setattr(jobs, "WORKER", LIBRARY / "cli" / "worker.py")


def press(run_panel):
    run_panel.button.click()
    wait_until(lambda: not run_panel.busy)


def choose(box, value):
    """Choose an entry of a combo box as a user does."""
    box.setCurrentIndex(box.findData(value))
    box.activated.emit(box.currentIndex)


def cells(grid):
    return [[grid.item(row, column).text() for column in range(grid.columnCount)] for row in range(grid.rowCount)]


def parameters(widget):
    return widget.logic.getParameterNode()


def set_implant(result, mask):
    import slicer

    from CraNeXtLib.slicer_ui.scene.implant_nodes import IMPLANT
    from CraNeXtLib.slicer_ui.scene.scene_volumes import oriented_image

    logic = slicer.vtkSlicerSegmentationsModuleLogic
    logic.SetBinaryLabelmapToSegment(oriented_image(mask), result, IMPLANT, logic.MODE_REPLACE)
