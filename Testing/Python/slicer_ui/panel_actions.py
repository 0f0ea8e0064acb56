"""A user's actions in CraNeXtImplant's panel, and reading what it shows."""

from slicer_stand_ins.events import wait_until


def press(run_panel):
    """Press the button of a run, and wait for the end of the run."""
    run_panel.button.click()
    wait_for(run_panel)


def wait_for(run_panel):
    """Wait for the end of a run, however long it takes, as long as it shows progress."""
    wait_until(lambda: not run_panel.busy, lambda: (run_panel.stage_label.text, run_panel.progress_bar.value))


def choose(box, value):
    """Choose an entry of a combo box like a user."""
    box.setCurrentIndex(box.findData(value))
    box.activated.emit(box.currentIndex)


def cells(table):
    """Return the texts of a table widget, row by row."""
    return [[table.item(row, column).text() for column in range(table.columnCount)] for row in range(table.rowCount)]


def parameters(widget):
    """Return the panel's parameters in the scene."""
    return widget.logic.getParameterNode()


def set_implant(result, mask):
    """Edit the implant's segment of a result."""
    import slicer

    from CraNeXtLib.slicer_ui.scene.implant_nodes import IMPLANT
    from CraNeXtLib.slicer_ui.scene.node_volumes import oriented_image

    logic = slicer.vtkSlicerSegmentationsModuleLogic
    logic.SetBinaryLabelmapToSegment(oriented_image(mask), result, IMPLANT, logic.MODE_REPLACE)
