"""The expected error lies on the implant, in the input's geometry, is told in mm, and warns when it is large."""

import numpy as np
import pytest
from phantoms import OBLIQUE, head
from PIL import Image

from CraNeXtLib.anatomy.head.pose import HeadPose, PoseFit, bundled_template
from CraNeXtLib.cases.expected_error_files import error_map, write_expected_error
from CraNeXtLib.evaluation.distance_map_files import read_vtp
from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.geometry.volume_files import read_volume
from CraNeXtLib.implant.expected_error import KNOWN_PERCENT, P95_MM, summarize

LEFT_HOLE = (((-60.0, 20.0, 40.0), 25.0),)


def pose() -> HeadPose:
    """A template that is moved onto a head of the phantom's place."""
    template = bundled_template()
    matrix = np.eye(4)
    matrix[:3, 3] = -template.to_ras((np.array([template.shape]) - 1) / 2)[0]
    return HeadPose(matrix, template, PoseFit(0.0, 0.0, (1.0, 1.0)))


def errors(phantom, *, front=1.0, known=1.0):
    """A map that grows towards the front of the implant, unknown in its upper part."""
    places = np.argwhere(phantom.implant.voxels)
    points = phantom.implant.to_ras(places)
    values = 0.5 + (front - 0.5) * (points[:, 1] - points[:, 1].min()) / np.ptp(points[:, 1])
    values[np.argsort(points[:, 2])[round(known * len(points)) :]] = 0
    volume = np.zeros(phantom.implant.shape, np.float16)
    volume[tuple(places.T)] = values
    return phantom.implant.with_voxels(volume)


def test_figures_and_the_worst_place():
    phantom = head(directions=OBLIQUE, holes=LEFT_HOLE)
    found = summarize(errors(phantom), phantom.implant, pose())
    assert 0.6 < found.mean_mm < 0.9 < found.p95_mm < 1.0
    assert (found.worst.error_mm, found.worst.side, found.known_percent) == (1.0, "left", 100.0)
    points = phantom.implant.to_ras(np.argwhere(phantom.implant.voxels))
    np.testing.assert_allclose(found.worst.position_ras_mm, points[points[:, 1].argmax()], atol=0.06)
    assert found.warnings == ()
    middle = head(holes=(((0.0, 20.0, 70.0), 25.0),))
    one = np.zeros(middle.implant.shape, np.float16)
    one[tuple(np.argwhere(middle.implant.voxels)[middle.implant.voxels.sum() // 2])] = 0.7
    assert summarize(middle.implant.with_voxels(one), middle.implant, pose()).worst.side == "midline"


def test_warns_of_a_large_error_and_of_what_is_not_known():
    phantom = head(holes=LEFT_HOLE)
    unsure = summarize(errors(phantom, front=2 * P95_MM), phantom.implant, pose())
    assert len(unsure.warnings) == 1
    assert f"more than {unsure.p95_mm:.1f} mm" in unsure.warnings[0]
    assert f"on the left ({unsure.worst.region})" in unsure.warnings[0]
    unknown = summarize(errors(phantom, known=KNOWN_PERCENT / 100 - 0.15), phantom.implant, pose())
    assert unknown.warnings[0].startswith(f"{100 - unknown.known_percent:.0f} % of this implant")
    nothing = summarize(errors(phantom, known=0), phantom.implant, pose())
    assert (nothing.known_percent, nothing.mean_mm, nothing.worst) == (0, None, None)
    assert len(nothing.warnings) == 1


def test_is_painted_on_the_surface():
    phantom = head(directions=OBLIQUE, spacing=(1.0, 1.5, 2.0), holes=LEFT_HOLE)
    mesh = surface_of(phantom.implant)
    painted = error_map(errors(phantom, known=0.8), mesh)
    edge = np.percentile(phantom.implant.to_ras(np.argwhere(phantom.implant.voxels))[:, 2], 80)
    lower, upper = mesh.vertices[:, 2] < edge - 4, mesh.vertices[:, 2] > edge + 4
    front = (mesh.vertices[:, 1] - mesh.vertices[:, 1].min()) / np.ptp(mesh.vertices[:, 1])
    np.testing.assert_allclose(painted.values_mm[lower], 0.5 + 0.5 * front[lower], atol=0.05)
    assert np.isnan(painted.values_mm[upper]).all()
    assert upper.sum() > 100


def test_files_lie_on_the_implant(tmp_path):
    phantom = head(directions=OBLIQUE, holes=LEFT_HOLE)
    found = summarize(errors(phantom), phantom.implant, pose())
    mesh = surface_of(phantom.implant)
    write_expected_error(found, phantom.implant, mesh, phantom.defective, tmp_path, picture=True)
    assert {path.name for path in tmp_path.iterdir()} == {f"expected_error.{end}" for end in ("nrrd", "vtp", "png")}
    written = read_volume(tmp_path / "expected_error.nrrd")
    assert written.shape == phantom.implant.shape
    np.testing.assert_allclose(written.affine, phantom.implant.affine, atol=1e-9)
    again, painted = read_vtp(tmp_path / "expected_error.vtp"), error_map(found.volume, mesh)
    np.testing.assert_array_equal(again.mesh.faces, mesh.faces)
    np.testing.assert_allclose(again.mesh.vertices, mesh.vertices, atol=1e-4)
    np.testing.assert_allclose(again.values_mm, painted.values_mm, atol=1e-3)
    places = written.to_ras(np.argwhere(written.voxels > 0))
    np.testing.assert_allclose(places, phantom.implant.to_ras(np.argwhere(phantom.implant.voxels)), atol=1e-3)
    assert written.voxels.max() == pytest.approx(1.0, abs=1e-3)
    red = np.asarray(Image.open(tmp_path / "expected_error.png")).astype(int)
    assert (red[..., 0] - red[..., 2] > 80).mean() > 0.02
