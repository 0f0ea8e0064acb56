"""The expected error lies on the implant's voxels and surface, in the input's geometry."""

import numpy as np
import pytest
from expected_error_cases import LEFT_HOLE, errors, pose
from phantoms import OBLIQUE, head
from PIL import Image

from CraNeXtLib.cases.expected_error_files import error_map, write_expected_error
from CraNeXtLib.evaluation.distance_map_files import read_vtp
from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.geometry.volume_files import read_volume
from CraNeXtLib.implant.expected_error import summarize


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
