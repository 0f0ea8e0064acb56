"""NIfTI files are read to their checksum, and headers that contradict themselves are refused."""

import gzip
import struct

import nibabel
import numpy as np
import pytest

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.volume_files import read_volume

AFFINE = np.array([[-2.0, 0, 0, 30], [0, -2.0, 0, 40], [0, 0, 3.0, -50], [0, 0, 0, 1]])


def image(dtype=np.uint8, shape=(20, 21, 22)):
    voxels = (np.random.default_rng(1).random(shape) > 0.5).astype(dtype)
    result = nibabel.Nifti1Image(voxels, AFFINE)
    result.header.set_xyzt_units("mm")
    return result


@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image])
@pytest.mark.parametrize("dtype", [np.uint8, np.dtype(">i2"), np.float32])
def test_voxels_are_those_that_nibabel_reads(tmp_path, kind, dtype):
    source = image()
    other = kind(np.asanyarray(source.dataobj).astype(dtype), AFFINE)
    other.header.set_slope_inter(2.0, -3.0)
    for name in ("a.nii", "a.nii.gz"):
        nibabel.save(other, tmp_path / name)
        expected = np.asanyarray(nibabel.load(tmp_path / name).dataobj)
        volume = read_volume(tmp_path / name)
        assert volume.voxels.dtype == expected.dtype
        np.testing.assert_array_equal(volume.voxels, expected)
        np.testing.assert_array_equal(volume.affine, AFFINE)


def test_no_flipped_bit_changes_a_voxel(tmp_path):
    nibabel.save(image(), tmp_path / "a.nii.gz")
    content = (tmp_path / "a.nii.gz").read_bytes()
    expected = read_volume(tmp_path / "a.nii.gz")
    start = 600  # beyond the gzip header and the NIfTI header
    refused = 0
    for place in np.random.default_rng(2).integers(start, len(content), 60):
        damaged = bytearray(content)
        damaged[place] ^= 1 << int(place % 8)
        (tmp_path / "b.nii.gz").write_bytes(damaged)
        try:
            np.testing.assert_array_equal(read_volume(tmp_path / "b.nii.gz").voxels, expected.voxels)
        except InputError as error:
            assert "damaged" in str(error)  # noqa: PT017 (some bits belong to no voxel)
            refused += 1
    assert refused > 50


@pytest.mark.parametrize("change", [lambda data: data + b"\1\2\3\4", lambda data: data[:-9], lambda data: data[:-1]])
def test_content_that_is_too_long_or_short_is_damaged(tmp_path, change):
    nibabel.save(image(), tmp_path / "a.nii.gz")
    content = (tmp_path / "a.nii.gz").read_bytes()
    for name, damaged in (("a.nii.gz", change(content)), ("b.nii", change(gzip.decompress(content)))):
        (tmp_path / name).write_bytes(damaged)
        with pytest.raises(InputError, match="damaged"):
            read_volume(tmp_path / name)


def test_a_small_file_cannot_ask_for_much_memory(tmp_path):
    nibabel.save(image(), tmp_path / "a.nii.gz")
    content = bytearray(gzip.decompress((tmp_path / "a.nii.gz").read_bytes()))
    for sizes, words in (((30000, 30000, 30000), "can hold"), ((20, 20, 10), "damaged"), ((20, 0, 10), "no voxels")):
        content[40:56] = struct.pack("<8h", 3, *sizes, 1, 1, 1, 1)
        (tmp_path / "b.nii.gz").write_bytes(gzip.compress(bytes(content)))
        with pytest.raises(InputError, match=words):
            read_volume(tmp_path / "b.nii.gz")


def saved(folder, *, qform=None, sform=None, pixdim=None, codes=(1, 1)):
    """Write a file with these forms; ``codes`` are the kinds of the qform and the sform that are there."""
    file = image()
    file.set_qform(qform, 1 if qform is not None else 0)
    file.set_sform(sform, 1 if sform is not None else 0)
    if pixdim is not None:
        file.header["pixdim"][1:4] = pixdim
    nibabel.save(file, folder / "a.nii")
    # nibabel adapts these fields when it saves
    content = bytearray((folder / "a.nii").read_bytes())
    content[252:256] = struct.pack("<2h", (qform is not None) * codes[0], (sform is not None) * codes[1])
    if pixdim is not None:
        content[80:92] = struct.pack("<3f", *pixdim)
    (folder / "a.nii").write_bytes(content)
    return folder / "a.nii"


@pytest.mark.parametrize("codes", [(1, 2), (1, 3), (1, 4), (2, 2)])
def test_two_positions_of_which_programs_take_either_are_refused(tmp_path, codes):
    near, far = AFFINE.copy(), AFFINE.copy()
    near[0, 3] += 0.05
    far[0, 3] += 0.5
    np.testing.assert_array_equal(read_volume(saved(tmp_path, qform=near, sform=AFFINE, codes=codes)).affine, AFFINE)
    file = saved(tmp_path, qform=far, sform=AFFINE, codes=codes)
    with pytest.raises(InputError, match=r"sform and by its qform, which lie 0.5 mm apart.*--orientation"):
        read_volume(file)
    assert read_volume(file, orientation="LPS").axis_codes == "LPS"


@pytest.mark.parametrize("codes", [(1, 1), (2, 1)])
def test_an_sform_of_the_scanner_beats_the_qform_as_in_all_programs(tmp_path, codes):
    swapped = AFFINE @ np.diag([-1, 1, 1, 1.0])
    np.testing.assert_array_equal(read_volume(saved(tmp_path, qform=swapped, sform=AFFINE, codes=codes)).affine, AFFINE)


def test_a_spacing_that_contradicts_the_sform_or_is_lost_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"2 x 2 x 3 mm by its sform and 4 x 4 x 6 mm by its pixdim"):
        read_volume(saved(tmp_path, sform=AFFINE, pixdim=(4, 4, 6)))
    np.testing.assert_array_equal(read_volume(saved(tmp_path, sform=AFFINE, pixdim=(0, 0, 0))).affine, AFFINE)
    for options, words in (({}, "--orientation"), ({"orientation": "LPS"}, "no voxel spacing")):
        with pytest.raises(InputError, match=words):
            read_volume(saved(tmp_path, qform=AFFINE, pixdim=(2, 0, 3)), **options)


@pytest.mark.parametrize(("place", "code"), [(254, "sform_code 16"), (252, "qform_code -1")])
def test_an_orientation_of_an_unknown_kind_is_refused_and_not_ignored(tmp_path, caplog, place, code):
    file = saved(tmp_path, qform=AFFINE, sform=AFFINE)
    content = bytearray(file.read_bytes())
    content[place : place + 2] = struct.pack("<h", int(code.split()[1]))
    file.write_bytes(content)
    with pytest.raises(InputError, match=rf"no known kind of orientation \({code}\); save it with one, or give"):
        read_volume(file)
    assert read_volume(file, orientation="LPS").axis_codes == "LPS"
    assert not caplog.records


def test_axes_that_are_not_at_right_angles_are_refused(tmp_path):
    sheared = AFFINE.copy()
    sheared[1, 2] = np.tan(np.deg2rad(20)) * 3
    file = saved(tmp_path, sform=sheared, pixdim=np.linalg.norm(sheared[:3, :3], axis=0))
    for options in ({}, {"orientation": "LPS"}):
        with pytest.raises(InputError, match="not at right angles, as after a tilted gantry"):
            read_volume(file, **options)


@pytest.mark.parametrize("slope", [0, np.nan])
def test_an_intercept_that_only_some_programs_add_is_refused(tmp_path, slope):
    file = saved(tmp_path, sform=AFFINE)
    content = bytearray(file.read_bytes())
    for intercept in (0, np.nan):
        content[112:120] = struct.pack("<2f", slope, intercept)
        file.write_bytes(content)
        np.testing.assert_array_equal(read_volume(file).voxels, np.asanyarray(image().dataobj))
    content[112:120] = struct.pack("<2f", slope, -1024)
    file.write_bytes(content)
    with pytest.raises(InputError, match="an intercept, -1024, without a slope"):
        read_volume(file)


def test_sizes_that_no_scan_has_are_refused(tmp_path):
    for scale in (0.001, 1000):
        affine = np.diag([scale, scale, scale, 1]) @ AFFINE
        with pytest.raises(InputError, match="check its spacing and its unit"):
            read_volume(saved(tmp_path, sform=affine, pixdim=np.linalg.norm(affine[:3, :3], axis=0)))
