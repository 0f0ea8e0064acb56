import numpy as np
import pytest
from molded_parts import cap, grooved

from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.implant.mold.solids import solid_of
from CraNeXtLib.implant.mold.sweep import swept


def test_a_plate_sweeps_the_box_above_it_and_below_it():
    plate = grooved(0.0)
    assert swept(plate, 25.0).volume() == pytest.approx(30 * 20 * 25)
    assert swept(plate, -5.0).volume() == pytest.approx(30 * 20 * 15)


def test_both_sweeps_share_the_part_alone_where_it_is_not_undercut():
    part = cap(holes=True)
    shared = swept(part, 40.0) ^ swept(part, 10.0)
    assert shared.volume() == pytest.approx(solid_of(part, "part").volume(), rel=1e-6)


def test_faces_above_each_other_are_swept_as_one_solid():
    plate = grooved(3.0)  # its two flanges lie above each other
    assert swept(plate, 20.0).volume() == pytest.approx(30 * 20 * 20)
    assert (swept(plate, 20.0) ^ swept(plate, -1.0)).volume() == pytest.approx(30 * 20 * 10)


def test_the_swept_solid_keeps_the_corners_of_the_part():
    part = cap()
    under = part.vertices[np.linalg.norm(part.vertices, axis=1) < 21.1]
    corners = np.asarray(swept(part, 40.0).to_mesh64().vert_properties)
    nearest = np.array([np.linalg.norm(corners - corner, axis=1).min() for corner in under[::20]])
    assert nearest.max() < 1e-9


def test_a_solid_turned_inside_out_is_refused():
    plate = grooved(0.0)
    with pytest.raises(ValueError, match="no closed mesh"):
        solid_of(Mesh(plate.vertices, plate.faces[:, ::-1]), "part")
