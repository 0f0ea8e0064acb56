"""Distances on meshes against known answers."""

import numpy as np
import pytest
from plain_metrics import balls, plate

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.evaluation import distance_maps
from CraNeXtLib.geometry.surface_extraction import surface_of


def test_a_ball_in_a_ball_lies_inside_by_the_difference_of_radii():
    small, large = (surface_of(volume) for volume in balls(6, 9))
    inside = distance_maps.distance_map(small, large)
    outside = distance_maps.distance_map(large, small)
    assert inside.values_mm == pytest.approx(-3, abs=0.3)
    assert outside.values_mm == pytest.approx(3, abs=0.3)
    assert inside.values_mm.mean() == pytest.approx(-3, abs=0.05)


@pytest.mark.parametrize("axis", range(3))
def test_a_millimeter_is_a_millimeter(axis):
    implant, reference, _ = plate(0)
    moved = surface_of(implant.with_voxels(np.roll(implant.voxels, 2, axis)))
    values = distance_maps.distance_map(moved, surface_of(reference)).values_mm
    assert values.max() == pytest.approx(1, abs=0.06)
    assert values.min() == pytest.approx(-1, abs=0.06)


def test_gap_and_overlap_along_the_rim():
    implant, _, skull = plate(gap=2, shift=4)
    mesh = surface_of(implant)
    rim = distance_maps.rim_map(mesh, implant, skull)
    x, y, z = mesh.vertices.T
    middle = (np.abs(y - 14.75) < 2) & (np.abs(z - 5.25) < 0.5)  # nearest to the facing side
    assert rim.values_mm[middle & (x < x.min() + 0.2)] == pytest.approx(3, abs=0.2)
    assert rim.values_mm[middle & (x > x.max() - 0.2)] == pytest.approx(-1, abs=0.2)
    faces = (np.abs(x - x.mean()) < 2) & (np.abs(y - 14.75) < 4)
    assert np.isnan(rim.values_mm[faces]).all()


def test_an_implant_far_from_bone_has_no_rim():
    implant, _, skull = plate()
    far = skull.with_voxels(np.zeros(skull.shape, dtype=bool))
    assert np.isnan(distance_maps.rim_map(surface_of(implant), implant, far).values_mm).all()


def test_projected_surfaces_carry_the_distances_of_sdh():
    from CraNeXtLib.evaluation.surface_hausdorff import projected_distances

    implant, reference, skull = plate(gap=3)
    maps = distance_maps.projected_maps(implant, reference, skull)
    expected = projected_distances(implant, reference, skull)
    assert max(m.values_mm.max() for m in maps) == pytest.approx(expected.hausdorff)
    with pytest.raises(InputError, match="No ray"):
        distance_maps.projected_maps(implant.with_voxels(np.zeros(implant.shape)), reference, skull)
