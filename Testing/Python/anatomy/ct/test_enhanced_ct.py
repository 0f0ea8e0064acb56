"""An enhanced CT, all of whose slices are frames of one file, is read and judged as single slices are."""

import numpy as np
import pytest
from ct_phantoms import blob, write_enhanced
from phantoms import OBLIQUE
from pydicom import dcmread

from CraNeXtLib.anatomy.ct.reading import read_ct
from CraNeXtLib.core.errors import InputError

CT = blob(shape=(8, 10, 12))
SHUFFLED = (0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11)
EVERYTHING = (
    *("PlanePositionSequence", "FrameContentSequence", "PlaneOrientationSequence", "PixelMeasuresSequence"),
    "PixelValueTransformationSequence",
)


def read(tmp_path, ct=CT, **frames):
    return read_ct(write_enhanced(ct, tmp_path / "one.dcm", **frames))


@pytest.mark.parametrize(
    ("directions", "per_frame"),
    [(None, EVERYTHING), (OBLIQUE, EVERYTHING[:2]), (np.diag([1.0, 1, 1]), EVERYTHING[:2])],
)
def test_frames_lie_where_their_positions_say_in_whatever_order_they_are_stored(tmp_path, directions, per_frame):
    ct = blob(shape=(8, 10, 12), directions=directions)
    scan = read(tmp_path, ct, order=SHUFFLED, per_frame=per_frame)
    points = scan.volume.to_ras(np.argwhere(scan.volume.voxels > -5000))
    indices = np.rint(ct.to_indices(points)).astype(int)
    assert np.abs(ct.to_ras(indices) - points).max() < 1e-4
    assert np.array_equal(ct.voxels[tuple(indices.T)], scan.volume.voxels.ravel())
    assert scan.warnings == ()
    assert scan.details["slices"] == 12


def test_each_frame_has_a_rescaling_of_its_own(tmp_path):
    def other_scale(slices):
        for one in slices[1::2]:
            stored = np.frombuffer(one.PixelData, "<u2") + 1024
            one.PixelData, one.RescaleIntercept = stored.astype("<u2").tobytes(), "-2048"

    scan = read(tmp_path, order=SHUFFLED, per_frame=EVERYTHING, change=other_scale)
    assert np.array_equal(scan.volume.voxels, CT.voxels)
    (warning,) = scan.warnings
    assert "of one.dcm (frame 7) is not that of most slices" in warning


def test_a_missing_frame_is_a_missing_slice(tmp_path):
    with pytest.raises(InputError, match=r"slices 5 and 6 of 11 are 2\.4 mm apart"):
        read(tmp_path, order=[k for k in range(12) if k != 5])


def test_missing_first_frames_are_told(tmp_path):
    """The numbers of the frames begin with 3."""
    scan = read(tmp_path, order=range(11, 1, -1))
    assert np.array_equal(scan.volume.voxels, CT.voxels[:, :, 2:])
    assert scan.warnings[0].startswith("The images' numbers begin with 3 instead of 1")


def test_a_missing_part_of_the_file_is_told(tmp_path):
    """Archives split large enhanced CTs into several files, a concatenation."""
    scan = read(tmp_path, InConcatenationTotalNumber=2)
    assert scan.warnings[0].startswith("The series has 2 images according to its headers, of which 1 are here")


def test_the_parts_of_a_file_are_one_series(tmp_path):
    whole = dcmread(write_enhanced(CT, tmp_path / "whole.dcm", InConcatenationTotalNumber=2))
    size, frames = len(whole.PixelData) // 12, list(whole.PerFrameFunctionalGroupsSequence)
    stored = whole.PixelData
    for number, part in enumerate((range(7), range(7, 12)), 1):
        whole.PixelData = stored[part[0] * size : (part[-1] + 1) * size]
        whole.PerFrameFunctionalGroupsSequence = [frames[k] for k in part]
        whole.NumberOfFrames, whole.InConcatenationNumber = len(part), number
        whole.SOPInstanceUID = whole.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{number}"
        whole.save_as(tmp_path / f"part{number}.dcm")
    (tmp_path / "whole.dcm").unlink()
    scan = read_ct(tmp_path)
    assert np.array_equal(scan.volume.voxels, CT.voxels)
    assert scan.warnings == ()


def test_a_tilted_gantry_is_straightened(tmp_path):
    def tilt(slices):
        for k, one in enumerate(slices):
            one.ImagePositionPatient[1] += 0.3 * k

    scan = read(tmp_path, order=SHUFFLED, change=tilt)
    assert scan.warnings[0].startswith("The gantry was tilted by 14.0°")
    assert scan.details["gantry_tilt_deg"] == 14.04


def test_frames_of_one_place_are_named(tmp_path):
    """Two phases of one acquisition are two stacks of the same positions."""

    def second_phase(slices):
        slices[6].ImagePositionPatient = slices[5].ImagePositionPatient

    with pytest.raises(InputError, match=r"one.dcm \(frame \d\) and one.dcm \(frame \d\) are different slices"):
        read(tmp_path, change=second_phase)


@pytest.mark.parametrize("unit", ["Z_EFF", "ED", "HU_MOD"])
def test_values_of_another_unit_are_refused(tmp_path, unit):
    with pytest.raises(InputError, match=rf"RescaleType of one.dcm \(frame 1\) is {unit}, so its values are not Houns"):
        read(tmp_path, RescaleType=unit)
