"""A case becomes DICOM files of the CT's study, at the same place, without the patient and the same every time."""

import json

import highdicom
import numpy as np
import pytest
from archived_cases import FINISHED_MESH, finished_part, scanned_head, write_case
from ct_phantoms import NAME, write_enhanced, write_series
from phantoms import OBLIQUE
from pydicom import dcmread

from CraNeXtLib.anatomy.ct.reading import read_ct
from CraNeXtLib.cases.archive.export import export_case
from CraNeXtLib.cli import main
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.product import RESEARCH_USE_NOTICE
from CraNeXtLib.geometry.lattice import on_one_grid
from CraNeXtLib.geometry.mesh_formats.mesh_files import write_stl
from CraNeXtLib.geometry.volume_files import read_mask

FILES = ["export.json", "implant_seg.dcm", "implant_stl.dcm", "report_pdf.dcm"]


def exported(tmp_path, *, directions=None, case_options=None, **options):
    """Write a CT and its case, export it, and return the CT's bone, the implant and the three data sets."""
    ct, bone, implant = scanned_head(directions)
    attributes = {"StudyDate": "20260102", "StudyTime": "101112", "SpecificCharacterSet": "ISO_IR 100"}
    write_series(ct, tmp_path / "ct", **attributes, PatientName="Müller^Jürgen")
    write_case(tmp_path / "case", bone, implant, **case_options or {})
    export_case(tmp_path / "case", tmp_path / "ct", tmp_path / "out", **options)
    return bone, implant, *(dcmread(tmp_path / "out" / name) for name in FILES[1:])


@pytest.mark.parametrize("directions", [None, OBLIQUE, OBLIQUE @ np.diag([1, -1, 1])])
def test_the_segmentation_lies_on_the_slices_that_it_refers_to(tmp_path, directions):
    bone, implant, seg, *_ = exported(tmp_path, directions=directions)
    for segment, mask in (("Implant", implant), ("Finished implant", finished_part(implant))):
        read = read_mask(tmp_path / "out" / "implant_seg.dcm", segment=segment)
        assert np.array_equal(on_one_grid(bone, read)[1].voxels, mask.voxels)
    slices = {image.SOPInstanceUID: image for image in map(dcmread, (tmp_path / "ct").iterdir())}
    one = next(iter(slices.values()))
    assert (seg.StudyInstanceUID, seg.FrameOfReferenceUID) == (one.StudyInstanceUID, one.FrameOfReferenceUID)
    assert (seg.Rows, seg.Columns) == (one.Rows, one.Columns)
    assert seg.NumberOfFrames == 3 + 2
    for frame in seg.PerFrameFunctionalGroupsSequence:
        source = frame.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID
        position = frame.PlanePositionSequence[0].ImagePositionPatient
        assert np.allclose(position, slices[source].ImagePositionPatient, atol=1e-4)


def test_the_surface_is_in_millimeters_in_the_frame_of_reference_of_the_ct(tmp_path):
    *_, stl, pdf = exported(tmp_path)
    case = tmp_path / "case"
    for document, file in ((stl, "finished_implant.stl"), (pdf, "report.pdf")):
        content = document.EncapsulatedDocument[: document.EncapsulatedDocumentLength]
        assert content == (case / file).read_bytes()
        assert len(document.SourceInstanceSequence) == 16
    (unit,) = stl.MeasurementUnitsCodeSequence
    assert (unit.CodeValue, unit.CodingSchemeDesignator) == ("mm", "UCUM")
    one = dcmread(next((tmp_path / "ct").iterdir()))
    assert (stl.StudyInstanceUID, stl.FrameOfReferenceUID) == (one.StudyInstanceUID, one.FrameOfReferenceUID)
    assert (stl.Modality, stl.MIMETypeOfEncapsulatedDocument) == ("M3D", "model/stl")
    assert (stl.SOPClassUID.name, pdf.SOPClassUID.name) == ("Encapsulated STL Storage", "Encapsulated PDF Storage")
    assert (stl.BurnedInAnnotation, pdf.BurnedInAnnotation) == ("NO", "NO")


def test_a_surface_in_ras_is_turned_into_lps(tmp_path):
    """A case that was made from a mesh in RAS has its meshes in RAS, too."""
    ct, bone, implant = scanned_head()
    write_series(ct, tmp_path / "ct")
    case = write_case(tmp_path / "case", bone, implant)
    lps = (case / "finished_implant.stl").read_bytes()
    write_stl(FINISHED_MESH, case / "finished_implant.stl", space="RAS")
    assert (case / "finished_implant.stl").read_bytes() != lps
    export_case(case, tmp_path / "ct", tmp_path / "out")
    stl = dcmread(tmp_path / "out" / "implant_stl.dcm")
    assert stl.EncapsulatedDocument[: stl.EncapsulatedDocumentLength] == lps


def test_every_series_says_that_it_is_for_research(tmp_path):
    seg, stl, pdf = exported(tmp_path)[2:]
    titles = [one.SeriesDescription.removesuffix(RESEARCH_USE_NOTICE) for one in (seg, stl, pdf)]
    assert titles == ["Implant. ", "Finished implant. ", "Implant report. "]
    assert len({one.SeriesInstanceUID for one in (seg, stl, pdf)}) == 3


def test_the_patient_is_named_only_on_request(tmp_path):
    for document in exported(tmp_path / "a")[2:]:
        assert (str(document.PatientName), document.PatientID, document.PatientBirthDate) == ("", "case-7", "")
    for path in (tmp_path / "a" / "out").iterdir():
        # Whole words: "4711" alone is in many a UID.
        names = (name.encode(encoding) for name in ("Müller", NAME) for encoding in ("utf-8", "latin-1"))
        assert not any(word in path.read_bytes() for word in (*names, b"ROSSINI", b"19600102"))
    for document in exported(tmp_path / "b", patient=True)[2:]:
        assert (str(document.PatientName), document.PatientID) == ("Müller^Jürgen", "4711-ROSSINI")
        assert document.PatientBirthDate == "19600102"


def test_odd_values_in_the_header_of_the_ct_are_no_obstacle(tmp_path, recwarn):
    """highdicom refuses such a sex and warns of such a name, printing it; dates are those of DICOM's predecessor."""
    ct, bone, implant = scanned_head()
    odd = {"PatientSex": "X", "PatientName": "MUSTERMANN", "StudyDate": "2026.01.02", "AccessionNumber": "1" * 30}
    write_series(ct, tmp_path / "ct", **odd)
    case = write_case(tmp_path / "case", bone, implant, case_id="a\\b")
    recwarn.clear()
    export_case(case, tmp_path / "ct", tmp_path / "named", patient=True)
    export_case(case, tmp_path / "ct", tmp_path / "anonymous")
    assert not recwarn.list
    for name in FILES[1:]:
        named, anonymous = (dcmread(tmp_path / folder / name) for folder in ("named", "anonymous"))
        assert (named.PatientSex, str(named.PatientName), named.StudyDate) == ("X", "MUSTERMANN", "20260102")
        assert (anonymous.PatientSex, anonymous.PatientID, anonymous.StudyDate) == ("", "a/b", "20260102")


def test_the_same_case_gives_the_same_files_and_another_case_other_uids(tmp_path):
    exported(tmp_path)
    export_case(tmp_path / "case", tmp_path / "ct", tmp_path / "again")
    for name in FILES:
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "out" / name).read_bytes()
    (tmp_path / "case" / "finished_implant.stl").write_bytes((tmp_path / "case" / "implant.stl").read_bytes())
    export_case(tmp_path / "case", tmp_path / "ct", tmp_path / "again")
    first, second = (dcmread(tmp_path / folder / "implant_stl.dcm") for folder in ("out", "again"))
    assert first.SOPInstanceUID != second.SOPInstanceUID
    assert first.SeriesInstanceUID != second.SeriesInstanceUID
    assert first.SOPInstanceUID.startswith("2.25.")


def test_no_file_holds_a_time_but_the_studys(tmp_path):
    for document in exported(tmp_path)[2:]:
        times = [e for e in document.iterall() if e.VR in ("DA", "TM", "DT") and e.value]
        assert {e.value for e in times} == {"20260102", "101112"}


def test_a_case_without_finished_part_and_report(tmp_path):
    ct, bone, implant = scanned_head()
    write_series(ct, tmp_path / "ct")
    case = write_case(tmp_path / "case", bone, implant, finished=False)
    result = json.loads((case / "result.json").read_text())
    result["files"].remove("report.pdf")
    result["finishing"] = {"settings": {"engraving": "Müller"}}
    (case / "result.json").write_text(json.dumps(result))
    assert export_case(case, tmp_path / "ct", tmp_path / "out")["files"] == FILES[:3]
    stl = dcmread(tmp_path / "out" / "implant_stl.dcm")
    assert stl.EncapsulatedDocument[: stl.EncapsulatedDocumentLength] == (case / "implant.stl").read_bytes()
    assert stl.BurnedInAnnotation == "YES"
    seg = highdicom.seg.segread(tmp_path / "out" / "implant_seg.dcm")
    assert seg.segment_numbers == [1]
    assert (seg.ContentDate, seg.StudyDate) == ("19000101", "")  # must be there in a segmentation


def test_the_frames_of_an_enhanced_ct_are_referred_to(tmp_path):
    ct, bone, implant = scanned_head()
    order = list(range(0, 16, 2)) + list(range(1, 16, 2))
    write_enhanced(ct, tmp_path / "ct.dcm", order=order)
    write_case(tmp_path / "case", bone, implant)
    export_case(tmp_path / "case", tmp_path / "ct.dcm", tmp_path / "out")
    seg = dcmread(tmp_path / "out" / "implant_seg.dcm")
    sources = [f.DerivationImageSequence[0].SourceImageSequence[0] for f in seg.PerFrameFunctionalGroupsSequence]
    assert sorted({order[source.ReferencedFrameNumber - 1] for source in sources}) == [5, 6, 9]


@pytest.mark.parametrize("shift_mm", [0.04, 0.6])
def test_the_frames_of_a_straightened_ct_lie_on_the_grid_of_the_results(tmp_path, shift_mm):
    """They refer to no slice, since each is shifted against it; highdicom takes a tilt of 2 degrees for none."""
    ct = scanned_head()[0]
    positions = ct.to_ras(np.array([(0, 0, k) for k in range(16)])) + shift_mm * np.arange(16)[:, None] * [0, 1, 0]
    write_series(ct, tmp_path / "ct", positions=positions)
    straight = read_ct(tmp_path / "ct").volume
    bone = straight.with_voxels(straight.voxels > 500)
    implant = straight.with_voxels(np.roll(bone.voxels, 1, axis=0) & ~bone.voxels)
    write_case(tmp_path / "case", bone, implant)
    export_case(tmp_path / "case", tmp_path / "ct", tmp_path / "out")
    read = read_mask(tmp_path / "out" / "implant_seg.dcm", segment="Implant")
    assert np.array_equal(on_one_grid(bone, read)[1].voxels, implant.voxels)
    frames = dcmread(tmp_path / "out" / "implant_seg.dcm").PerFrameFunctionalGroupsSequence
    assert not any(frame.DerivationImageSequence for frame in frames)


@pytest.mark.parametrize("change", [lambda voxels: voxels // 16, lambda voxels: np.roll(voxels, 2, axis=1)])
def test_a_ct_of_another_head_is_refused(tmp_path, change):
    ct, bone, implant = scanned_head()
    write_series(ct.with_voxels(change(ct.voxels)), tmp_path / "ct")
    write_case(tmp_path / "case", bone, implant)
    with pytest.raises(
        InputError, match=r"Only \d+% of the skull of .*case is bone in series 3 \(Head 1.0, 16 slices\)"
    ):
        export_case(tmp_path / "case", tmp_path / "ct", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("result", "message"),
    [
        ({"preview": True}, "is a quick preview; reconstruct the skull without --preview"),
        ({"outcome": "no implant"}, "there is no implant to export"),
        ({"format": "cranext-finish"}, r"result.json was not written by CraNeXt; give the folder of a case"),
    ],
)
def test_a_case_without_an_implant_to_make_is_refused(tmp_path, result, message):
    ct, bone, implant = scanned_head()
    write_series(ct, tmp_path / "ct")
    with pytest.raises(InputError, match=message):
        export_case(write_case(tmp_path / "case", bone, implant, **result), tmp_path / "ct", tmp_path / "out")


def finished_folder(tmp_path):
    """Write a CT and the folder of an implant that was finished for it, and return the part's mask."""
    ct, bone, implant = scanned_head()
    write_series(ct, tmp_path / "ct")
    folder = write_case(tmp_path / "case", bone, implant)
    kept = ["finished_implant.nrrd", "finished_implant.stl", "report.pdf"]
    for path in folder.iterdir():
        if path.name not in kept:
            path.unlink()
    description = {"format": "cranext-finish", "case_id": "case-8", "warnings": [], "finishing": None, "files": kept}
    (folder / "finish.json").write_text(json.dumps(description))
    return bone, finished_part(implant)


def test_the_folder_of_finish_is_exported(tmp_path):
    bone, part = finished_folder(tmp_path)
    assert export_case(tmp_path / "case", tmp_path / "ct", tmp_path / "out")["files"] == FILES
    seg = highdicom.seg.segread(tmp_path / "out" / "implant_seg.dcm")
    assert [seg.get_segment_description(n).segment_label for n in seg.segment_numbers] == ["Finished implant"]
    read = read_mask(tmp_path / "out" / "implant_seg.dcm")
    assert np.array_equal(on_one_grid(bone, read)[1].voxels, part.voxels)
    assert seg.PatientID == "case-8"


@pytest.mark.parametrize("change", [lambda voxels: voxels // 16, lambda voxels: np.roll(voxels, 4, axis=1)])
def test_a_ct_in_whose_gap_the_finished_part_does_not_lie_is_refused(tmp_path, change):
    finished_folder(tmp_path)
    ct = scanned_head()[0]
    write_series(ct.with_voxels(change(ct.voxels)), tmp_path / "other")
    with pytest.raises(InputError, match="lies in no gap of the bone in series 3"):
        export_case(tmp_path / "case", tmp_path / "other", tmp_path / "out")


def test_the_part_that_was_finished_after_a_reconstruction_counts(tmp_path):
    ct, bone, implant = scanned_head()
    write_series(ct, tmp_path / "ct")
    case = write_case(tmp_path / "case", bone, implant, files=["implant.stl"])
    finish = {"format": "cranext-finish", "case_id": "case-8", "warnings": [], "files": ["finished_implant.stl"]}
    (case / "finish.json").write_text(json.dumps(finish | {"finishing": {"settings": {"engraving": "7"}}}))
    export_case(case, tmp_path / "ct", tmp_path / "out")
    stl = dcmread(tmp_path / "out" / "implant_stl.dcm")
    assert stl.EncapsulatedDocument[: stl.EncapsulatedDocumentLength] == (case / "finished_implant.stl").read_bytes()
    assert stl.BurnedInAnnotation == "YES"
    assert highdicom.seg.segread(tmp_path / "out" / "implant_seg.dcm").segment_numbers == [1, 2]


def test_a_folder_without_a_case_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"has neither result\.json nor finish.json; give the folder"):
        export_case(tmp_path, tmp_path, tmp_path / "out")


def test_a_series_without_frame_of_reference_is_refused(tmp_path):
    ct, bone, implant = scanned_head()
    write_series(ct, tmp_path / "ct", FrameOfReferenceUID="")
    write_case(tmp_path / "case", bone, implant)
    with pytest.raises(InputError, match=r"a\d+.dcm has no FrameOfReferenceUID; export the series again"):
        export_case(tmp_path / "case", tmp_path / "ct", tmp_path / "out")


def test_the_command(tmp_path, capsys):
    ct, bone, implant = scanned_head()
    write_series(ct, tmp_path / "ct")
    case = write_case(tmp_path / "case", bone, implant, warnings=["Check it."])
    assert main(["export", str(case), "--dicom", str(tmp_path / "ct"), "--out", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed == ["Warning: Check it.", *(str(tmp_path / "out" / name) for name in FILES), RESEARCH_USE_NOTICE]
