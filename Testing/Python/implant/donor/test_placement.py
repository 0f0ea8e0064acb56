"""A donor is laid onto the skull wherever it was scanned, its residual is measured, and another head is refused."""

from types import SimpleNamespace

import numpy as np
import pytest
from phantoms import OBLIQUE, head
from scipy.spatial.transform import Rotation

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.affine import apply_affine
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.donor import placement
from CraNeXtLib.implant.donor.placement import place_donor

AXES = (70.0, 95.0, 80.0)


def whole_head(half_axes_mm, thickness_mm=6.0, spacing=(2.0, 2.0, 2.0)):
    return head(spacing=spacing, half_axes_mm=half_axes_mm, thickness_mm=thickness_mm, holes=()).complete


@pytest.fixture
def aligned(monkeypatch):
    """No search for the donor's place: it was scanned in the skull's."""
    here = SimpleNamespace(matrix=np.eye(4))
    monkeypatch.setattr(placement, "align_surfaces", lambda *_surfaces, **_kind: here)


def test_a_donor_is_brought_back_to_where_it_belongs():
    case = head(half_axes_mm=AXES, directions=OBLIQUE)
    motion = np.eye(4)
    motion[:3, :3] = Rotation.from_euler("xyz", (8, -6, 12), degrees=True).as_matrix()
    motion[:3, 3] = (10, -20, 30)
    scanned = whole_head(AXES)
    flip = np.diag([1, -1, 1, 1.0])
    flip[1, 3] = scanned.shape[1] - 1
    donor = Volume(scanned.voxels[:, ::-1], motion @ scanned.affine @ flip)
    placed = place_donor(donor, case.defective, case.implant)
    back = placed.bone.affine @ np.linalg.inv(donor.affine)
    points = np.array([[60.0, 0, 40], [-60, 20, 30], [0, 90, 20], [0, -90, 20], [0, 0, 78]])
    np.testing.assert_allclose(apply_affine(back, apply_affine(motion, points)), points, atol=1)  # half a voxel
    assert placed.p95_mm < placed.limit_mm == pytest.approx(2)
    assert placed.compared_percent > 98


@pytest.mark.usefixtures("aligned")
def test_the_residual_is_how_far_the_bones_are_apart():
    case = head(spacing=(1.0, 1.0, 1.0), half_axes_mm=AXES)
    donor = whole_head(tuple(axis + 1.2 for axis in AXES), 8.4, (1.0, 1.0, 1.0))  # 1.2 mm outward and inward
    placed = place_donor(donor, case.defective, case.implant)
    assert placed.rms_mm == pytest.approx(1.2, abs=0.1)
    assert 1.2 < placed.p95_mm < 1.8


@pytest.mark.usefixtures("aligned")
def test_another_head_is_refused_and_thick_slices_widen_the_limit():
    case = head(half_axes_mm=AXES)
    with pytest.raises(InputError, match=r"--donor does not match .* 2 mm are allowed"):
        place_donor(whole_head((76.0, 90.0, 75.0)), case.defective, case.implant)
    assert place_donor(whole_head(AXES, spacing=(2.0, 2.0, 3.0)), case.defective, case.implant).limit_mm == 3


@pytest.mark.usefixtures("aligned")
def test_a_donor_with_hardly_any_of_the_vault_is_refused():
    case, donor = head(half_axes_mm=AXES, holes=(((60.0, 0, 40), 20.0),)), whole_head(AXES)
    height = donor.to_ras(np.indices(donor.shape).reshape(3, -1).T)[:, 2].reshape(donor.shape)
    with pytest.raises(InputError, match="hardly any bone in common"):
        place_donor(donor.with_voxels(donor.voxels & (height > 77)), case.defective, case.implant)
