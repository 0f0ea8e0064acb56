"""States of CraNeXtImplant from opening to export, for the user guide and the tutorial.

The real worker makes the implant once for all pictures; a canned worker then copies the result.
"""

import atexit
import os
import shutil
import sys
import tempfile
from functools import cache
from pathlib import Path

from gallery import state

from CraNeXtLib.core.resources import DEFECTIVE_SKULL
from CraNeXtLib.core.runtime import jobs

PYTHON = Path(__file__).parents[1] / "Python"


@cache
def _result():
    """Return the folder of the real worker's result for the bundled skull."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    arguments = {"skull": str(DEFECTIVE_SKULL), "out": str(folder / "result"), "for_scene": True}
    job = jobs.Job("reconstruct", arguments | {"settings": {"report": False, "finishing": None}}, python=sys.executable)
    job.wait()
    return folder / "result"


def _made(stage):
    """Open the panel, load the sample and make its implant, like the tour without the comparison."""
    from CraNeXtLib.slicer_ui.scene import sample_data

    os.environ["CANNED_RESULT"] = str(_result())
    widget = stage.open("CraNeXtImplant")
    real, jobs.WORKER = jobs.WORKER, PYTHON / "slicer_ui" / "canned_implant_worker.py"
    parameters = widget.logic.getParameterNode()
    parameters.inputNode, parameters.referenceNode = sample_data.load_sample()
    widget.panel.making.start()
    stage.wait(lambda: not widget.panel.making.busy)
    widget.panel.making.stage_label.text = ""  # the time for copying
    jobs.WORKER = real
    return widget


def _run(stage, run_panel):
    run_panel.start()
    stage.wait(lambda: not run_panel.busy)
    run_panel.stage_label.text = ""  # the time taken here is irrelevant


@state("implant-start")
def start(stage):
    stage.open("CraNeXtImplant")


@state("implant-ct")
def ct(stage):
    import numpy as np
    import slicer

    from CraNeXtLib.slicer_ui.scene import sample_data
    from CraNeXtLib.slicer_ui.scene.node_volumes import mask_of

    widget = stage.open("CraNeXtImplant")
    for node in (sample := sample_data.load_sample()):
        mask = mask_of(node) if node is sample[0] else None
        if mask is not None:
            noise = np.random.default_rng(0).normal(0, 40, mask.shape)
            hu = np.where(mask.voxels, 700, 30) + noise
            node_ct = slicer.util.addVolumeFromArray(hu.T.astype(np.int16), ijkToRAS=mask.affine, name="Head CT")
    for node in sample:
        stage.scene.RemoveNode(node)
    node_ct.GetDisplayNode().SetAutoWindowLevel(False)
    node_ct.GetDisplayNode().SetWindowLevel(1200, 400)
    slicer.modules.colors.logic().AddDefaultColorNodes()
    node_ct.GetDisplayNode().SetAndObserveColorNodeID("vtkMRMLColorTableNodeGrey")
    for name in ("Red", "Green", "Yellow"):
        slicer.app.layoutManager().sliceWidget(name)  # Slicer creates them before a panel is opened
    widget.ui.inputSelector.setCurrentNode(node_ct)
    slicer.util.resetSliceViews()


@state("implant-running")
def running(stage):
    from CraNeXtLib.slicer_ui.scene import sample_data
    from CraNeXtLib.slicer_ui.widgets import run_outcome

    widget = stage.open("CraNeXtImplant")
    widget.ui.inputSelector.setCurrentNode(sample_data.load_sample()[0])
    widget.panel.making.start()
    real = run_outcome.seconds_left
    run_outcome.seconds_left = lambda fraction, _elapsed: 20.0 if fraction > 0.1 else None  # measured on two idle cores
    stage.wait(lambda: "left" in widget.panel.making.stage_label.text)
    widget.panel.making._run._unfollow()  # the picture shows this moment
    run_outcome.seconds_left = real


@state("implant-result", "implant-result-dark")
def result(stage):
    _made(stage)


@state("implant-expected-error")
def expected_error(stage):
    _made(stage).panel.results.show_surface("expected_error")


@state("implant-edit")
def edit(stage):
    widget = _made(stage)
    widget.ui.editSection.collapsed = False
    stage.height = 1100


@state("implant-finish")
def finish(stage):
    widget = _made(stage)
    widget.ui.finishSection.collapsed = False
    _run(stage, widget.panel.finishing.finishing)
    widget.panel.results.show_surface("thickness_mm")
    stage.height = 1300


@state("implant-evaluate", "implant-evaluate-dark")
def evaluate(stage):
    widget = _made(stage)
    widget.ui.evaluateSection.collapsed = False
    _run(stage, widget.panel.evaluating.comparing)
    stage.height = 1400


@state("implant-export", views=False)
def export(stage):
    widget = _made(stage)
    for section in ("inputSection", "resultSection"):
        getattr(widget.ui, section).collapsed = True
    widget.ui.exportSection.collapsed = False
    widget.ui.folderEdit.currentPath = "/home/me/implants"
    widget.ui.caseEdit.text = "case 7"


@state("implant-making", views=False)
def making(stage):
    widget = _made(stage)
    for section in ("inputSection", "resultSection"):
        getattr(widget.ui, section).collapsed = True
    for section in ("modelsSection", "moldSection", "moldDetailsSection"):
        getattr(widget.ui, section).collapsed = False


@state("implant-fixation", views=False)
def fixation(stage):
    widget = _made(stage)
    for section in ("inputSection", "resultSection"):
        getattr(widget.ui, section).collapsed = True
    for section in ("finishSection", "fixationSection", "segmentsSection"):
        getattr(widget.ui, section).collapsed = False
    widget.ui.platesSpinBox.value = 3
    widget.ui.segmentCountSpinBox.value = 2


@state("implant-error", views=False)
def error(stage):
    from CraNeXtLib.slicer_ui.scene import sample_data

    widget = stage.open("CraNeXtImplant")
    widget.ui.inputSelector.setCurrentNode(sample_data.load_sample()[0])
    os.environ |= {"CANNED_RESULT": "", "SIMULATED_FAILURE": "hang"}
    real, jobs.WORKER = jobs.WORKER, PYTHON / "slicer_ui" / "canned_implant_worker.py"
    widget.panel.making.start()
    stage.wait(lambda: "Reconstructing" in widget.panel.making.stage_label.text)
    widget.panel.making._run._job._process.kill()
    stage.wait(lambda: not widget.panel.making.busy)
    jobs.WORKER = real
    del os.environ["SIMULATED_FAILURE"]
