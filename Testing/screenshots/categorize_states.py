"""States of CraNeXtCategorize: empty, in progress, done, and with one region selected."""

from gallery import state


@state("categorize-empty")
def empty(stage):
    stage.open("CraNeXtCategorize")


@state("categorize-working")
def working(stage):
    widget = stage.open("CraNeXtCategorize")
    widget.ui.sampleButton.click()
    stage.wait(lambda: widget.panel.dividing.progress_bar.value > 400)


def _divided(stage):
    widget = stage.open("CraNeXtCategorize")
    widget.ui.sampleButton.click()
    stage.wait(lambda: not widget.panel.dividing.busy)
    widget.panel.dividing.stage_label.text = ""  # the time taken here is irrelevant
    return widget


@state("categorize-result", "categorize-result-dark")
def result(stage):
    _divided(stage)


@state("categorize-region")
def region(stage):
    _divided(stage).ui.regionsTable.selectRow(4)
