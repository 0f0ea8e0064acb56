"""A case with a donor says what it gave, and the picture shows it in a color of its own."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from phantoms import head
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkIOXML import vtkXMLPolyDataReader

from CraNeXtLib.anatomy.categorization.defect_location import DefectAnalysis
from CraNeXtLib.anatomy.head.pose import HeadPose, PoseFit, bundled_template
from CraNeXtLib.cases.case_settings import CaseSettings
from CraNeXtLib.cases.donor_files import write_donor_map, write_donor_picture
from CraNeXtLib.cases.reconstruction_case import reconstruct_case
from CraNeXtLib.completion.model_library import Model
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.hashing import sha256_of
from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.geometry.volume_files import read_volume, write_volume
from CraNeXtLib.implant.defect_choice import FoundDefect
from CraNeXtLib.implant.donor import placement
from CraNeXtLib.implant.reconstruct import Reconstruction
from CraNeXtLib.pictures.palette import IMPLANT, REST

AXES = {"half_axes_mm": (70.0, 95.0, 80.0), "spacing": (4.0, 4.0, 4.0)}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a skull and its donor, where the model fills the hole with bone of twice the thickness."""
    case, thick = head(**AXES), head(**AXES, thickness_mm=12.0)
    write_volume(case.defective, tmp_path / "skull.nrrd")
    write_volume(case.complete, tmp_path / "Mustermann.nrrd")
    write_volume(case.implant, tmp_path / "truth.nrrd")

    right = DefectAnalysis({}, "Upper Frontal", "right", 0.0, 10.0, 30.0, 60.0)
    left = DefectAnalysis({}, "Temporal", "left", 100.0, 1.0, 2.0, 10.0)

    def fill_hole(skull, **_settings):
        implant = skull.with_voxels(thick.implant.voxels & ~skull.voxels)
        return Reconstruction(
            defective_skull=skull,
            implant=implant,
            pose=HeadPose(np.eye(4), bundled_template(), PoseFit(0.0, 0.0, 0.0, (1.0, 1.0))),
            model=Model(Path(), {"name": "the thick", "sha256": "0" * 64}),
            postprocessing="default",
            device="cpu",
            seconds={},
            warnings=(),
            agreement=0.5,
            found_defects=(
                FoundDefect(1, (40.0, 20.0, 60.0), right, None, made=True),
                FoundDefect(2, (-40.0, 0.0, 0.0), left, "thin bone", made=False),
            ),
        )

    monkeypatch.setattr("CraNeXtLib.cases.reconstruction_case.reconstruct", fill_hole)
    here = SimpleNamespace(matrix=np.eye(4))  # finding the donor's place takes long and is tested elsewhere
    monkeypatch.setattr(placement, "align_surfaces", lambda *_surfaces, **_kind: here)
    return tmp_path


def test_the_implant_of_a_case_is_the_donors(folder):
    settings = CaseSettings(report=False, finishing=None, donor=str(folder / "Mustermann.nrrd"))
    result = reconstruct_case(folder / "skull.nrrd", folder / "out", settings)
    donor = result["donor"]
    assert donor["sha256"] == sha256_of(folder / "Mustermann.nrrd")
    assert donor["percent"] > 90  # the voxels are coarse
    assert donor["rms_mm"] < donor["p95_mm"] + 0.1 < 0.5
    assert donor["limit_mm"] == 4  # a voxel
    assert [(defect["number"], defect["made"]) for defect in result["found_defects"]] == [(1, True), (2, False)]
    assert result["found_defects"][0]["volume_ml"] == result["implant_volume_ml"] < 28
    assert result["agreement"] is None
    implant, truth = (read_volume(path).voxels > 0 for path in (folder / "out" / "implant.nrrd", folder / "truth.nrrd"))
    assert (implant != truth).sum() < 0.1 * truth.sum()


def test_a_preview_has_no_donor():
    with pytest.raises(InputError, match="leave out --preview or --donor"):
        CaseSettings(preview=True, donor="scan.nrrd")


def test_the_picture_tells_the_two_apart(tmp_path, monkeypatch):
    case = head(spacing=(4.0, 4.0, 4.0), holes=(((0.0, 0.0, 75.0), 30.0),))
    front = case.implant.to_ras(np.argwhere(case.implant.voxels))[:, 1] > 0
    donated = case.implant.zeros(bool)
    donated[case.implant.voxels] = ~front
    drawn = {}
    monkeypatch.setattr(
        "CraNeXtLib.cases.donor_files.write_implant_picture",
        lambda views, path, **words: drawn.update(words, scene=views.scene, path=path),
    )
    donation = SimpleNamespace(donated=case.implant.with_voxels(donated), percent=49.6)
    write_donor_picture(
        SimpleNamespace(defective_skull=case.defective, implant=case.implant), donation, tmp_path, case_id="A-7"
    )
    assert drawn["names"] == ("Donor, 50 %", "Model, 50 %")
    assert drawn["path"] == tmp_path / "donor.png"
    points, colors = drawn["scene"].surface.vertices, drawn["scene"].colors
    top = (np.linalg.norm(points[:, :2], axis=1) < 15) & (points[:, 2] > 73)
    for half, color in ((points[:, 1] > 6, REST), (points[:, 1] < -6, IMPLANT)):
        np.testing.assert_allclose(colors[top & half], np.broadcast_to(color, ((top & half).sum(), 3)), atol=0.02)


def test_the_map_tells_the_donors_surface_from_the_models(tmp_path):
    case = head(**AXES)
    place = case.implant.to_ras(np.argwhere(case.implant.voxels))
    middle = float(np.median(place[:, 1]))
    everywhere = case.implant.to_ras(np.indices(case.implant.shape).reshape(3, -1).T)
    front = (everywhere[:, 1] > middle).reshape(case.implant.shape)
    donated = case.implant.with_voxels(case.implant.voxels & front)
    mesh = surface_of(case.implant)
    write_donor_map(mesh, case.implant, donated, tmp_path)
    reader = vtkXMLPolyDataReader()
    reader.SetFileName(str(tmp_path / "donor_map.vtp"))
    reader.Update()
    given = vtk_to_numpy(reader.GetOutput().GetPointData().GetArray("donor"))
    assert set(given) == {0.0, 1.0}
    off = mesh.vertices[:, 1] - middle
    spare = 4.0  # a voxel
    assert given[off > spare].all()
    assert not given[off < -spare].any()
