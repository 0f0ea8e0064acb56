"""Distances on meshes: known answers, files that others can read, and pictures with something in them."""

import numpy as np
import pytest
from PIL import Image
from plain_metrics import volumes

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.evaluation import distance_maps
from CraNeXtLib.evaluation.distance_map_files import write_vtp
from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.pictures.distance_pictures import (
    NEGATIVE,
    NEUTRAL,
    POSITIVE,
    UNMEASURED,
    color_range,
    colors_of,
    views_from,
    write_distance_picture,
)


def balls(*radii, size=48, spacing=0.5):
    distance = np.sqrt(sum((x - (size - 1) / 2) ** 2 for x in np.ogrid[:size, :size, :size])) * spacing
    return volumes(*(distance <= radius for radius in radii), spacing=(spacing,) * 3)


def plate(gap=2, shift=0):
    """A square plate of 0.5 mm voxels in a frame, with a gap of that many voxels on both sides of the first axis."""
    slab = np.zeros((60, 60, 20), dtype=bool)
    slab[4:56, 4:56, 8:14] = True
    window = np.zeros_like(slab)
    window[18:42, 18:42] = True
    implant = np.zeros_like(slab)
    implant[18 + gap + shift : 42 - gap + shift, 18:42, 8:14] = True
    return volumes(implant, slab & window, slab & ~window, spacing=(0.5,) * 3)


def test_a_ball_in_a_ball_lies_inside_by_the_difference_of_radii():
    small, large = (surface_of(volume) for volume in balls(6, 9))
    inside = distance_maps.distance_map(small, large)
    outside = distance_maps.distance_map(large, small)
    assert inside.values_mm == pytest.approx(-3, abs=0.3)
    assert outside.values_mm == pytest.approx(3, abs=0.3)
    assert inside.values_mm.mean() == pytest.approx(-3, abs=0.05)


@pytest.mark.parametrize("axis", range(3))
def test_a_millimetre_is_a_millimetre(axis):
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


def test_vtp_holds_mesh_and_scalars(tmp_path):
    vtk_io = pytest.importorskip("vtkmodules.vtkIOXML")
    from vtkmodules.util.numpy_support import vtk_to_numpy

    small, large = (surface_of(volume) for volume in balls(4, 6, size=32))
    distances = distance_maps.distance_map(small, large)
    write_vtp(distances, tmp_path / "map.vtp")
    reader = vtk_io.vtkXMLPolyDataReader()
    reader.SetFileName(str(tmp_path / "map.vtp"))
    reader.Update()
    data = reader.GetOutput()
    np.testing.assert_allclose(vtk_to_numpy(data.GetPoints().GetData()), small.vertices)
    scalars = data.GetPointData().GetScalars()
    assert scalars.GetName() == "distance_mm"
    np.testing.assert_allclose(vtk_to_numpy(scalars), distances.values_mm, atol=1e-5)
    assert data.GetNumberOfPolys() == len(small.faces)
    assert data.GetFieldData().GetAbstractArray("SPACE").GetValue(0) == "RAS"  # what Slicer looks for
    with pytest.raises(InputError, match=r"\.vtp"):
        write_vtp(distances, tmp_path / "map.obj")


def test_picture_shows_colours_and_legend(tmp_path):
    implant, reference, _ = plate(0)
    moved = surface_of(implant.with_voxels(np.roll(implant.voxels, 4, 2)))
    distances = distance_maps.distance_map(moved, surface_of(reference))
    path = tmp_path / "map.png"
    views = views_from(np.array([0, 0, 1]))
    write_distance_picture(distances, path, views=views, title="Plate", legend="Distance in mm")
    with Image.open(path) as image:
        picture = np.asarray(image.convert("RGB")).astype(int)
    assert picture.shape == (760, 1500, 3)
    red, _, blue = np.moveaxis(picture, -1, 0)
    left, right = np.arange(1500) < 750, np.arange(1500) >= 750
    above_the_legend = np.arange(760)[:, None] < 640
    assert ((red > 1.5 * blue) & left & above_the_legend).sum() > 20000  # outside: proud of the reference
    assert ((blue > 1.5 * red) & right & above_the_legend).sum() > 20000  # inside: sunken
    assert (picture[640:].sum(axis=-1) < 300).sum() > 300  # letters and numbers
    assert len(np.unique(picture[640:].reshape(-1, 3), axis=0)) > 40


def test_pictures_scale_holds_nearly_all_values_and_stays_fixed_if_wished():
    values = np.append(np.linspace(0, 2.2, 400), [9, np.nan])
    assert color_range(values) == (0, 2.5)
    assert color_range(np.append(values, -0.1)) == (-2.5, 2.5)
    assert color_range(np.full(3, np.nan)) == (0, 1)
    colours = colors_of(np.array([-9.0, -3, 0, 3, np.nan]), 3, signed=True)
    np.testing.assert_array_equal(colours, [NEGATIVE, NEGATIVE, NEUTRAL, POSITIVE, UNMEASURED])


def test_views_are_four_sides_that_exist():
    for outside in ([0, 0, 1], [1, 0, 0], [0, -1, 0.3], [0.6, 0.6, 0.5]):
        views = views_from(np.array(outside), oblique=True)
        assert len(views) == 4
        assert all(np.isfinite(view).all() and view @ outside > 0 for view in views.values())
