"""Fixtures: initial states of CraNeXtImplant's panel."""

import numpy as np
import pytest
from slicer_ui.panel_actions import press
from slicer_ui.phantom_nodes import add_labelmap

from CraNeXtLib.core.resources import LIBRARY
from CraNeXtLib.geometry.volume_files import write_volume

pytest_plugins = ["slicer_ui.worker_here"]


@pytest.fixture
def widget(panel, phantom):  # noqa: ARG001 (the worker returns the phantom's implant)
    return panel("CraNeXtImplant")


@pytest.fixture
def made(widget, phantom):
    """The panel after an implant was made for a labelmap."""
    widget.ui.inputSelector.setCurrentNode(add_labelmap(phantom.defective))
    press(widget.panel.making)
    return widget


@pytest.fixture(scope="session")
def evaluated(case, tmp_path_factory):
    """The folder with the worker's evaluation of the phantom's implant against one that is moved by a voxel."""
    from CraNeXtLib.cases import evaluation_case

    phantom, folder = case("oblique").head, tmp_path_factory.mktemp("evaluated")
    moved = phantom.implant.with_voxels(np.roll(phantom.implant.voxels, 1, 0) & ~phantom.defective.voxels)
    volumes = {"implant": phantom.implant, "reference": moved, "skull": phantom.defective}
    location = {"percent": {"Temporal": 75.0, "Upper Frontal": 25.0, "Undefined": 0.0}, "side": "left"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluation_case, "implant_location", lambda *_volumes: location)  # slow, and covered by the tour
        for name, volume in volumes.items():
            write_volume(volume, folder / f"{name}.nrrd")
        evaluation_case.evaluate_files(
            *(folder / f"{name}.nrrd" for name in volumes), folder / "result", progress=lambda *_event: None
        )
    return folder / "result"


@pytest.fixture
def really(monkeypatch):
    """Use the real worker again."""
    from CraNeXtLib.core.runtime import jobs

    return lambda: monkeypatch.setattr(jobs, "WORKER", LIBRARY / "cli" / "worker.py")
