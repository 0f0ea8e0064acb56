"""Choice of a segment, in the panels that have one.

This does not prove: that Slicer's selector behaves as its stand-in, which was written from its source.
"""

import pytest
from phantoms import head
from slicer_ui.panel_actions import parameters
from slicer_ui.phantom_nodes import add_segmentation

pytest_plugins = ["slicer_stand_ins.pytest_plugin"]

CHOICES = [
    ("CraNeXtImplant", "inputSelector", "segmentSelector", "segmentId"),
    ("CraNeXtImplant", "referenceSelector", "referenceSegmentSelector", "referenceSegmentId"),
    ("CraNeXtCategorize", "inputSelector", "segmentSelector", "segmentId"),
    ("CraNeXtCategorize", "implantSelector", "implantSegmentSelector", "implantSegmentId"),
]


@pytest.fixture(scope="module")
def skull():
    return head(spacing=(6.0, 6.0, 6.0)).defective


@pytest.mark.parametrize(("module", "node_selector", "selector", "parameter"), CHOICES)
def test_of_several_segments_none_is_guessed(panel, skull, module, node_selector, selector, parameter):
    widget = panel(module)
    nodes, segments = getattr(widget.ui, node_selector), getattr(widget.ui, selector)

    def chosen():
        return segments.currentSegmentID(), getattr(parameters(widget), parameter)

    one, _ = add_segmentation(skull, "One", ("Segment_1",))
    two, _ = add_segmentation(skull, "Two", ("Segment_1", "Segment_2"))
    nodes.setCurrentNode(one)
    assert segments.isHidden()
    assert chosen() == ("Segment_1", "Segment_1")
    nodes.setCurrentNode(two)  # its segment of the same ID is another thing
    assert not segments.isHidden()
    assert chosen() == ("", "")
    segments.setCurrentSegmentID("Segment_2")
    assert chosen() == ("Segment_2", "Segment_2")
    two.GetSegmentation().GetSegment("Segment_2").SetName("Bone")
    assert chosen() == ("Segment_2", "Segment_2")
    two.GetSegmentation().AddEmptySegment("Segment_3", "Segment_3")
    two.GetSegmentation().RemoveSegment("Segment_2")
    assert chosen() == ("", "")


def test_the_segment_of_a_loaded_scene_and_that_of_an_earlier_result_are_chosen(panel, skull):
    from CraNeXtLib.slicer_ui.scene.implant_nodes import DEFECTIVE_SKULL

    widget = panel("CraNeXtImplant")
    saved, _ = add_segmentation(skull, "Saved", ("Segment_1", "Segment_2"))
    result, _ = add_segmentation(skull, "Result", ("Brain", DEFECTIVE_SKULL))
    parameters(widget).segmentId = "Segment_2"
    widget.ui.inputSelector.setCurrentNode(saved)
    assert parameters(widget).segmentId == widget.ui.segmentSelector.currentSegmentID() == "Segment_2"
    widget.ui.inputSelector.setCurrentNode(result)
    assert parameters(widget).segmentId == widget.ui.segmentSelector.currentSegmentID() == DEFECTIVE_SKULL


@pytest.mark.parametrize("module", ["CraNeXtImplant", "CraNeXtCategorize"])
def test_a_run_waits_for_the_choice(panel, skull, module):
    widget = panel(module)
    run = widget.panel.making if module == "CraNeXtImplant" else widget.panel.dividing
    node, _ = add_segmentation(skull, segments=("Brain", "Bone"))
    widget.ui.inputSelector.setCurrentNode(node)
    assert (run.button.enabled, run.stage_label.text) == (False, "Choose a “Segment” of Patient.")
    widget.ui.segmentSelector.setCurrentSegmentID("Bone")
    assert (run.button.enabled, run.stage_label.text) == (True, "")
