"""A segment of a DICOM segmentation lies where its frames say, or the file is refused with the reason."""

import sys

import numpy as np
import pytest
from ct_phantoms import blob, write_series
from dicom_segmentations import write_segmentation
from phantoms import OBLIQUE
from pydicom import dcmread

from CraNeXtLib.anatomy.ct.reading import read_ct
from CraNeXtLib.cases.mask_files import PartFile, read_with_skull
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.runtime.requirements import package_advice
from CraNeXtLib.geometry.lattice import on_one_grid
from CraNeXtLib.geometry.volume_files import input_hash, read_mask

CT = blob(shape=(8, 10, 12))
FLIP = np.diag([1, -1, 1])


def voxels(*slices):
    """Return a mask that differs from its mirror images, in some slices."""
    mask = np.zeros(CT.shape, bool)
    mask[2:4, 5, slices] = True
    mask[6, 1, slices[-1]] = True
    return mask


IMPLANT, SKULL = voxels(2, 3, 7), voxels(1, 9)
BOTH = {"Implant": IMPLANT, "Skull": SKULL}


def on_grid(mask, ct):
    return on_one_grid(ct.with_voxels(np.zeros(ct.shape, bool)), mask)[1].voxels


@pytest.mark.parametrize(
    ("kind", "directions"),
    [("BINARY", None), ("BINARY", OBLIQUE @ FLIP), ("FRACTIONAL", OBLIQUE), ("LABELMAP", OBLIQUE @ FLIP)],
)
def test_frames_lie_on_the_grid_of_their_source_although_empty_ones_are_left_out(tmp_path, kind, directions):
    ct = blob(shape=(8, 10, 12), directions=directions)
    path = write_segmentation(tmp_path / "masks", ct, BOTH, kind=kind)  # no suffix, as archives export
    for segment, expected in (("Implant", IMPLANT), ("2", SKULL), ("skull", SKULL), ("1,2", IMPLANT | SKULL)):
        mask = read_mask(path, segment=segment)
        assert np.array_equal(on_grid(mask, ct), expected)
        assert np.allclose(mask.affine[:3, :3], read_ct(tmp_path / "masks-ct").volume.affine[:3, :3], atol=1e-5)


def test_a_single_segment_needs_no_choice_and_several_are_listed(tmp_path):
    path = write_segmentation(tmp_path / "one.dcm", CT, {"Bone": SKULL}, kind="LABELMAP")
    assert np.array_equal(on_grid(read_mask(path), CT), SKULL)
    path = write_segmentation(tmp_path / "two.dcm", CT, BOTH)
    with pytest.raises(InputError, match=r"two.dcm contains several segments.*--reference-segment: 'Implant', 'Skull'"):
        read_mask(path, option="--reference-segment")
    with pytest.raises(InputError, match=r"two.dcm has no segment '3'"):
        read_mask(path, segment="3")


def test_segments_may_overlap(tmp_path):
    path = write_segmentation(tmp_path / "masks.dcm", CT, {"A": IMPLANT, "B": IMPLANT | SKULL})
    assert np.array_equal(on_grid(read_mask(path, segment="A"), CT), IMPLANT)
    assert np.array_equal(on_grid(read_mask(path, segment="B"), CT), IMPLANT | SKULL)


def test_skull_and_implant_of_one_file(tmp_path):
    large = blob(shape=(60, 60, 40), spacing=(1, 1, 1.5))
    skull = np.zeros(large.shape, bool)
    skull[5:55, 5:55, 4:36] = True
    skull[9:51, 9:51, 8:32] = False
    implant = skull.copy()
    implant[:, 20:] = False
    path = write_segmentation(tmp_path / "masks.dcm", large, {"Skull": skull & ~implant, "Implant": implant})
    masks = read_with_skull(path, PartFile(path, "Implant"), segment="Skull")
    bone, part = masks.skull, masks.parts[0]
    assert bone.has_geometry_of(part)
    assert np.array_equal(on_grid(bone, large), skull & ~implant)
    assert np.array_equal(on_grid(part, large), implant)


def test_probabilities_are_refused(tmp_path):
    path = write_segmentation(tmp_path / "soft.dcm", CT, {"A": IMPLANT * 0.5 + SKULL}, kind="FRACTIONAL")
    with pytest.raises(InputError, match=r"soft.dcm holds values between 0 and 1, such as probabilities; threshold it"):
        read_mask(path)


def without_distance(segmentation):
    del segmentation.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].SpacingBetweenSlices


@pytest.mark.parametrize("slices", [(5,), (2, 6), (2, 3, 7)])
def test_a_distance_of_slices_that_no_header_states_is_not_guessed(tmp_path, slices):
    path = write_segmentation(tmp_path / "masks.dcm", CT, {"A": voxels(*slices)}, change=without_distance)
    with pytest.raises(InputError, match=r"masks.dcm do not form a volume.*does not state SpacingBetweenSlices"):
        read_mask(path)


def test_a_distance_of_slices_is_known_if_none_is_left_out(tmp_path):
    path = write_segmentation(tmp_path / "masks.dcm", CT, {"A": voxels(4, 5, 6)}, change=without_distance)
    assert np.array_equal(on_grid(read_mask(path), CT), voxels(4, 5, 6))


def test_a_small_tilt_of_the_gantry_is_refused(tmp_path):
    """2 degrees, which highdicom takes for none."""
    path = write_segmentation(tmp_path / "masks.dcm", CT, {"A": voxels(0, 1, 11)}, tilt_mm=0.04)
    with pytest.raises(InputError, match=r"masks.dcm are shifted against one another, as those of a tilted gantry"):
        read_mask(path)


def test_frames_without_order_are_refused(tmp_path):
    def shift(segmentation):
        for place in segmentation.PerFrameFunctionalGroupsSequence[1].PlanePositionSequence:
            place.ImagePositionPatient = [0, 0, 0]

    path = write_segmentation(tmp_path / "masks.dcm", CT, {"A": IMPLANT}, change=shift)
    with pytest.raises(InputError, match=r"masks.dcm do not form a volume of even slices; save it"):
        read_mask(path)


def test_a_stated_distance_that_no_two_frames_have_is_refused(tmp_path):
    """As where a writer states the thickness of slices that have gaps: every second slice would be empty."""

    def halve(segmentation):
        segmentation.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].SpacingBetweenSlices = 0.6

    path = write_segmentation(tmp_path / "masks.dcm", CT, {"A": voxels(4, 5, 6)}, change=halve)
    with pytest.raises(
        InputError, match=r"masks.dcm states that slices are 0\.6 mm apart .* but no two of its frames are"
    ):
        read_mask(path)


def test_frames_of_a_segment_that_is_not_described_are_not_lost(tmp_path):
    def rename(segmentation):
        frame = segmentation.PerFrameFunctionalGroupsSequence[0]
        frame.SegmentIdentificationSequence[0].ReferencedSegmentNumber = 9

    path = write_segmentation(tmp_path / "masks.dcm", CT, BOTH, change=rename)
    with pytest.raises(InputError, match=r"masks.dcm has frames of segment 9, which it does not describe"):
        read_mask(path, segment="Implant")


def test_a_volume_that_no_memory_holds_is_refused(tmp_path):
    def far(segmentation):
        *_, last = segmentation.PerFrameFunctionalGroupsSequence
        place = last.PlanePositionSequence[0]
        place.ImagePositionPatient = [*place.ImagePositionPatient[:2], 1.2e9 + place.ImagePositionPatient[2]]

    path = write_segmentation(tmp_path / "masks.dcm", CT, {"A": voxels(4, 5, 6, 7)}, change=far)
    with pytest.raises(InputError, match=r"masks.dcm is too large: 1000000000 x 10 x 8 voxels"):
        read_mask(path)


def test_what_is_no_segmentation_is_named(tmp_path):
    slice_of_ct = write_series(CT, tmp_path / "ct")[0]
    with pytest.raises(
        InputError, match=rf"{slice_of_ct.name} is a DICOM file, but no segmentation \(CT Image Stor.*--ct"
    ):
        read_mask(slice_of_ct)
    (tmp_path / "text.dcm").write_text("no image" * 40)
    with pytest.raises(InputError, match=r"text.dcm is not a volume file; give .* a DICOM segmentation"):
        read_mask(tmp_path / "text.dcm")


def test_a_damaged_segmentation_is_refused(tmp_path):
    path = write_segmentation(tmp_path / "masks.dcm", CT, {"A": IMPLANT})
    content = path.read_bytes()
    for length in (200, len(content) // 2, len(content) - 20):
        path.write_bytes(content[:length])
        with pytest.raises(InputError, match=r"masks.dcm"):
            read_mask(path)


def test_the_orientation_of_a_segmentation_is_its_own(tmp_path):
    path = write_segmentation(tmp_path / "masks.dcm", CT, {"A": IMPLANT})
    with pytest.raises(InputError, match="leave out --orientation"):
        read_mask(path, orientation="LPS")


def test_a_missing_library_is_named(tmp_path, monkeypatch):
    path = write_segmentation(tmp_path / "masks.dcm", CT, {"A": IMPLANT})
    monkeypatch.setitem(sys.modules, "highdicom", None)
    with pytest.raises(ModuleNotFoundError) as missing:
        read_mask(path)
    assert package_advice(missing.value) == (
        "This needs highdicom, which is not installed; run: pip install 'cranext[dicom]'"
    )


def test_the_hash_of_a_segmentation_is_that_of_its_file(tmp_path):
    path = write_segmentation(tmp_path / "masks.dcm", CT, {"A": IMPLANT})
    before = input_hash(path)
    (tmp_path / "beside.txt").write_text("a result")
    assert input_hash(path) == before != ""
    dataset = dcmread(path)
    dataset.SeriesDescription = "changed"
    dataset.save_as(path)
    assert input_hash(path) != before
