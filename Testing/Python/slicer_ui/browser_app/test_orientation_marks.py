"""The letters at the edges of slices."""

import numpy as np
import pytest

from CraNeXtLib.slicer_ui.browser_app.orientation_marks import direction_letters, mark_slice


@pytest.mark.parametrize(
    ("direction", "letters"),
    [((1, 0, 0), "R"), ((0, -2, 0), "P"), ((0, 0, -1), "I"), ((0.1, 0.9, 0.4), "AS"), ((-0.7, 0.5, -0.6), "LIA")],
)
def test_letters_name_the_axes_by_their_share(direction, letters):
    assert direction_letters(np.array(direction)) == letters


class FakeView:
    """A slice view of a node, which collects what is drawn."""

    def __init__(self, node):
        self.node, self.drawn = node, []

    def get_view_node(self):
        return self.node

    def first_renderer(self):
        return self

    def AddViewProp(self, actor):
        self.drawn.append(actor)


def test_the_right_of_the_head_is_left_in_an_axial_slice_and_letters_follow_a_turn():
    slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")
    scene = slicer.vtkMRMLScene()
    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene)
    node = scene.AddNewNodeByClass("vtkMRMLSliceNode")
    node.SetLayoutName("Red")
    node.SetOrientationToDefault()
    view = FakeView(node)
    mark_slice(view)
    for orientation, letters in (("Axial", "RLPA"), ("Coronal", "RLIS"), ("Sagittal", "APIS")):
        assert node.SetOrientation(orientation)
        assert "".join(actor.GetInput() for actor in view.drawn) == letters  # left, right, bottom, top
