"""A saved result looks right when Slicer's own displayable managers draw it.

This does not prove: what Slicer's windows, layouts and cameras add, nor how a graphics card draws it.
"""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from slicer_nodes import add_segmentation

pytest_plugins = ["slicer_cases", "slicer_harness"]

PROBE = "import vtk; window = vtk.vtkRenderWindow(); window.SetOffScreenRendering(True); window.Render()"


@pytest.fixture
def opengl():
    if subprocess.run([sys.executable, "-c", PROBE], capture_output=True, check=False).returncode:
        pytest.skip("needs OpenGL, by EGL or OSMesa (Debian packages libegl1 and libgl1-mesa-dri)")


@pytest.mark.usefixtures("opengl")
def test_skull_and_implant_are_seen_where_they_are(scene, logic, phantom, tmp_path):
    node, _ = add_segmentation(phantom.defective)
    logic.process(node)
    node.GetDisplayNode().SetVisibility(False)
    bundle, picture = tmp_path / "case.mrb", tmp_path / "case.png"
    assert scene.WriteToMRB(str(bundle))
    middle = phantom.implant.to_ras(np.argwhere(phantom.implant.voxels)).mean(axis=0)
    script = Path(__file__).with_name("slicer_views.py")
    point = ",".join(map(str, middle))
    subprocess.run([sys.executable, script, bundle, point, picture], check=True, timeout=120)

    pixels = np.asarray(Image.open(picture)).astype(int)
    view, axial = np.hsplit(pixels, 2)
    for image in (view, axial):
        bone, implant = (image[..., 0] > image[..., 2] + 20), (image[..., 2] > image[..., 0] + 20)
        assert bone.mean() > implant.mean() > 0.005
    rows, columns = np.nonzero(axial[..., 2] > axial[..., 0] + 20)
    assert columns.max() < 300  # the implant is on the right of the head, so on the left of the slice,
    assert rows.mean() < 300  # and in its front half
    rows, columns = np.nonzero(view[..., 2] > view[..., 0] + 20)
    np.testing.assert_allclose([rows.mean(), columns.mean()], [300, 300], atol=60)  # seen from outside, in the middle
