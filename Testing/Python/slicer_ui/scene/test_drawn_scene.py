"""A saved result or evaluation looks correct when drawn by Slicer's own displayable managers.

This does not prove: what Slicer's windows, layouts and cameras add, nor how a graphics card draws it.
"""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from repository import TESTS
from slicer_ui.phantom_nodes import add_labelmap, add_segmentation

from CraNeXtLib.anatomy.head.regions import REGIONS

pytest_plugins = ["slicer_stand_ins.pytest_plugin", "slicer_ui.implant_fixtures", "slicer_ui.region_fixtures"]

PROBE = "import vtk; window = vtk.vtkRenderWindow(); window.SetOffScreenRendering(True); window.Render()"


@pytest.fixture
def opengl():
    if subprocess.run([sys.executable, "-c", PROBE], capture_output=True, check=False).returncode:
        pytest.skip("needs OpenGL, by EGL or OSMesa (Debian packages libegl1 and libgl1-mesa-dri)")


def drawn(scene, implant, folder):
    """Save the scene; return pictures of the 3D view toward the center of the implant and of the axial slice."""
    bundle, picture = folder / "case.mrb", folder / "case.png"
    assert scene.WriteToMRB(str(bundle))
    middle = implant.to_ras(np.argwhere(implant.voxels)).mean(axis=0)
    command = [sys.executable, "-m", "slicer_stand_ins.offscreen_views", bundle, ",".join(map(str, middle)), picture]
    subprocess.run(command, check=True, cwd=TESTS.parent)
    return np.hsplit(np.asarray(Image.open(picture)).astype(int), 2)


@pytest.mark.usefixtures("opengl")
def test_skull_and_implant_are_drawn_at_their_positions(scene, logic, phantom, tmp_path):
    node, _ = add_segmentation(phantom.defective)
    logic.process(node)
    node.GetDisplayNode().SetVisibility(False)
    view, axial = drawn(scene, phantom.implant, tmp_path)

    for image in (view, axial):
        bone, implant = (image[..., 0] > image[..., 2] + 20), (image[..., 2] > image[..., 0] + 20)
        assert bone.mean() > implant.mean() > 0.005
    rows, columns = np.nonzero(axial[..., 2] > axial[..., 0] + 20)
    assert columns.max() < 300  # the implant is on the right of the head, which is on the left of the slice,
    assert rows.mean() < 300  # and in the anterior half
    rows, columns = np.nonzero(view[..., 2] > view[..., 0] + 20)
    np.testing.assert_allclose([rows.mean(), columns.mean()], [300, 300], atol=60)  # seen from outside, in the center


@pytest.mark.usefixtures("opengl")
def test_distances_are_drawn_in_the_colors_of_the_legend(scene, logic, case, tmp_path):
    head = case("oblique").head
    moved = head.implant.with_voxels(np.roll(head.implant.voxels, 1, 0) & ~head.defective.voxels)
    inputs = [add_labelmap(volume) for volume in (moved, head.implant, head.defective)]
    logic.evaluate(*inputs)
    for node in inputs:
        scene.RemoveNode(node)
    view, _ = drawn(scene, head.implant, tmp_path)

    red, blue = view[..., 0] > view[..., 2] + 60, view[..., 2] > view[..., 0] + 60
    legend = np.arange(600) > 550
    rows_of_red, rows_of_blue = (np.nonzero(color & legend)[0] for color in (red, blue))
    assert len(rows_of_red) > 300
    assert len(rows_of_blue) > 300
    assert rows_of_red.max() < rows_of_blue.min()  # positive values are above negative ones
    assert (view[:, legend].min(axis=-1) < 250).any(axis=0).sum() < 35  # only the legend of the visible model
    model = (view.min(axis=-1) < 250) & (np.arange(600) < 480)
    assert (red & model).sum() > 0.3 * model.sum()  # it was moved outward,
    assert (blue & model).sum() < 0.02 * model.sum()
    np.testing.assert_allclose(np.argwhere(red & model).mean(axis=0), [300, 300], atol=60)  # toward the viewer


@pytest.mark.usefixtures("opengl")
def test_regions_are_drawn_in_their_colors_on_their_side(scene, categorizer, region_case, answer, tmp_path):
    head = answer(region_case("flipped"))
    node = add_labelmap(head.skull)
    categorizer.process(node)
    scene.RemoveNode(node)
    view, axial = drawn(scene, head.implant.with_voxels(head.implant.voxels != 0), tmp_path)

    # Seen from the left, the face is on the left of the picture.
    columns = {}
    for region in REGIONS:
        color = np.array(region.color) / np.linalg.norm(region.color)
        brightness = np.linalg.norm(view, axis=-1)
        shaded = (brightness > 60) & (view.min(axis=-1) < 250) & (view @ color > 0.995 * brightness)
        columns[region.name] = np.nonzero(shaded)[1]
        assert len(columns[region.name]) > 200, region.name
    assert sum(map(len, columns.values())) > 50_000  # pixels; the surfaces are closed
    middle = {name: np.median(found) for name, found in columns.items()}
    assert middle["Upper Frontal"] < middle["Upper Parietal"] < middle["Middle Parietal"]
    assert middle["Maxilla & Mandible"] < middle["Temporal"] < middle["Lower Parietal"]
    bone = axial.max(axis=-1) > 40
    assert bone[:, :300].sum() > 1.2 * bone[:, 300:].sum()  # the defect is on the right of the slice
