"""What a case becomes for the archive lies where the case has it in SimpleITK and 3D Slicer (slicer-core), too."""

import numpy as np
import pytest
from archived_cases import scanned_head, write_case
from ct_phantoms import write_series
from other_readers import read_with_simpleitk, read_with_slicer
from phantoms import OBLIQUE
from pydicom import dcmread

from CraNeXtLib.cases.archive.export import export_case
from CraNeXtLib.geometry.mesh_formats.mesh_files import write_stl
from CraNeXtLib.geometry.surface_extraction import surface_of


@pytest.fixture(
    scope="module", params=[None, OBLIQUE, OBLIQUE @ np.diag([1, -1, 1])], ids=["straight", "oblique", "flipped"]
)
def archived(tmp_path_factory, request):
    """A folder of DICOM files, and the implant in it, which covers slices without a gap."""
    folder, (ct, bone, implant) = tmp_path_factory.mktemp("archived"), scanned_head(request.param)
    voxels = np.zeros(implant.shape, bool)
    voxels[8:10, 5:9, 5:7] = True  # these slices have no bone there
    write_series(ct, folder / "ct")
    case = write_case(folder / "case", bone, implant.with_voxels(voxels), finished=False)
    write_stl(surface_of(implant.with_voxels(voxels)), case / "implant.stl")
    export_case(case, folder / "ct", folder / "out")
    return folder / "out", implant.with_voxels(voxels)


@pytest.mark.parametrize("read", [read_with_simpleitk, read_with_slicer], ids=["simpleitk", "slicer"])
def test_a_segmentation_of_one_part_lies_at_its_place(archived, read):
    """ITK stacks the frames from the first one's place on, so only frames without a gap between them are right."""
    folder, implant = archived
    voxels, affine = read(folder / "implant_seg.dcm")
    places = np.argwhere(voxels) @ affine[:3, :3].T + affine[:3, 3]
    expected = implant.to_ras(np.argwhere(implant.voxels))
    assert len(places) == len(expected)
    distances = np.linalg.norm(places[:, None] - expected[None], axis=2)
    assert max(distances.min(axis=0).max(), distances.min(axis=1).max()) < 1e-3


def test_the_encapsulated_surface_lies_at_its_place(archived, tmp_path):
    slicer = pytest.importorskip("slicer", reason="compares with slicer-core")
    folder, implant = archived
    document = dcmread(folder / "implant_stl.dcm")
    (tmp_path / "taken out.stl").write_bytes(document.EncapsulatedDocument[: document.EncapsulatedDocumentLength])
    scene = slicer.vtkMRMLScene()
    model = scene.AddNewNodeByClass("vtkMRMLModelNode")
    storage = scene.AddNewNodeByClass("vtkMRMLModelStorageNode")
    storage.SetFileName(str(tmp_path / "taken out.stl"))
    assert storage.ReadData(model)
    bounds = np.reshape(model.GetPolyData().GetBounds(), (3, 2)).T
    vertices = surface_of(implant).vertices
    np.testing.assert_allclose(bounds, [vertices.min(axis=0), vertices.max(axis=0)], atol=1e-3)
