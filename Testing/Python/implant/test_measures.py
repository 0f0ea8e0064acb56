"""Measures of an implant, on a plate of known size."""

import numpy as np
import pytest

from CraNeXtLib.anatomy.categorization.outer_surface import outer_surface
from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.measures import measure_implant


def cap_of_a_shell(direction: np.ndarray) -> tuple[Volume, Volume]:
    """A shell between 70 and 76 mm, and the cap of it within 30° of one side, on 1.5 mm voxels."""
    affine = np.diag([1.5, 1.5, 1.5, 1.0])
    affine[:3, 3] = -80.0
    points = np.indices((108, 108, 108)).reshape(3, -1).T * 1.5 - 80.0
    radius = np.linalg.norm(points, axis=1)
    shell = (radius >= 70) & (radius <= 76)
    cap = shell & (points @ direction >= radius * np.cos(np.radians(30)))
    return tuple(Volume(mask.reshape(108, 108, 108), affine) for mask in (shell & ~cap, cap))


@pytest.mark.parametrize("direction", [np.array([-1.0, 0, 0]), np.array([0.6, 0, 0.8])])
def test_a_cap_has_its_volume_area_and_thickness(direction):
    skull, implant = cap_of_a_shell(direction)
    measures = measure_implant(implant, skull, surface_of(implant))
    fraction = (1 - np.cos(np.radians(30))) / 2
    assert measures["implant_volume_ml"] == pytest.approx(fraction * 4 / 3 * np.pi * (76**3 - 70**3) / 1000, rel=0.03)
    assert measures["bodies"] == 1
    area_cm2 = outer_surface(implant, center=np.zeros(3))[1].sum() / 100
    given = measure_implant(implant, skull, surface_of(implant), center=np.zeros(3))
    assert given["defect_area_cm2"] == round(area_cm2, 2)
    assert measures["defect_area_cm2"] == pytest.approx(fraction * 4 * np.pi * 76**2 / 100, rel=0.06)
    assert measures["thickness_mm"]["median"] == pytest.approx(6.0, abs=0.5)
    assert measures["thickness_mm"]["max"] < 7.5
    (piece,) = measures["pieces"]
    np.testing.assert_allclose(piece["centre_ras_mm"], direction * 68, atol=2)


def test_pieces_are_listed_largest_first():
    skull, implant = cap_of_a_shell(np.array([0, 0, 1.0]))
    voxels = implant.voxels.copy()
    voxels[2:6, 2:6, 2:6] = True
    implant = implant.with_voxels(voxels)
    pieces = measure_implant(implant, skull, surface_of(implant))["pieces"]
    assert [round(p["volume_ml"], 2) for p in pieces][1] == round(64 * 1.5**3 / 1000, 2)
    assert pieces[0]["volume_ml"] > pieces[1]["volume_ml"]
