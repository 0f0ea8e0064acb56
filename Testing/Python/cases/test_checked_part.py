"""The part to be made: finished if possible, its fit checked along the directions that it was made for."""

import json

import numpy as np
import pytest
from phantoms import OBLIQUE, Head, head

from CraNeXtLib.cases.checked_part import FINISHED, make_part, write_part
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.geometry.volume_files import read_volume
from CraNeXtLib.implant.finishing import FinishSettings


@pytest.fixture(scope="module")
def phantom() -> Head:
    return head(spacing=(2.0, 2.0, 2.0), directions=OBLIQUE)


@pytest.fixture
def make(phantom):
    """Make the part of the phantom's implant with settings."""
    return lambda settings, **options: make_part(
        phantom.implant, phantom.defective, surface_of(phantom.implant), settings, **options
    )


def test_a_finished_part_is_checked_along_its_insertion_and_written(phantom, make, tmp_path):
    part = make(FinishSettings(clearance_mm=1.6, insertion=(40, 20, 60)), material="PMMA", fit_limits={"wall_mm": 1})
    direction = part.finished.pieces[0].outward_ras
    assert [insertion.outward_ras for insertion in part.fit.insertions] == [pytest.approx(direction)]
    assert part.as_dict()["fit"]["of"] == FINISHED
    limits = part.as_dict()["fit"]["limits"]
    assert (limits["gap_mm"], limits["wall_mm"]) == (2.6, 1)
    assert "rim_within" not in part.fit.failed
    assert part.as_dict()["fit"]["material"] == "PMMA"
    write_part(part, phantom.defective, tmp_path, pictures=False)
    files = {"finished_implant.3mf", "finished_implant.nrrd", "finished_implant.stl", "fit_maps.vtp"}
    assert {path.name for path in tmp_path.iterdir()} == files
    written = read_volume(tmp_path / "finished_implant.nrrd")
    np.testing.assert_array_equal(written.voxels != 0, part.finished.implant.voxels)


def test_without_settings_the_implant_stays_as_it_is(phantom, make, tmp_path):
    part = make(None)
    assert (part.finished, part.warnings) == (None, ())
    assert part.as_dict()["finishing"] is None
    write_part(part, phantom.defective, tmp_path, pictures=False)
    assert [path.name for path in tmp_path.iterdir()] == ["fit_maps.vtp"]


def test_a_part_of_which_nothing_is_left_is_a_warning_and_the_implant_is_checked(make):
    part = make(FinishSettings(clearance_mm=5, edge_radius_mm=10, insertion=(-40, -20, -60)))
    assert part.finished is None
    assert "leaves nothing" in part.warnings[0]
    described = part.as_dict()
    assert described["finishing"] is None
    assert described["fit"]["of"] == "implant"
    json.dumps(described, allow_nan=False)


def test_an_unknown_material_is_refused(make):
    with pytest.raises(InputError, match="no material 'cheese'"):
        make(None, material="cheese")
