"""MetaImage files are read to their last byte, where ITK sees them, with all their data files."""

import zlib

import numpy as np
import pytest

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.affine import affine_from_axis_codes
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import input_hash, read_volume, volume_hash, write_volume

VOXELS = np.arange(60, dtype="<i2").reshape(3, 4, 5, order="F")
FIELDS = {
    "ObjectType": "Image",
    "NDims": "3",
    "TransformMatrix": "0 1 0 0 0 1 1 0 0",  # the rows are the axes: P, S, L
    "Offset": "5 6 7",
    "ElementSpacing": "2 3 4",
    "DimSize": "3 4 5",
    "ElementType": "MET_SHORT",
}
PLACE = np.array([[0.0, 0, -4, -5], [-2, 0, 0, -6], [0, 3, 0, 7], [0, 0, 0, 1]])
TILTED = np.array([[0.4, 0, 0, -90], [0, -0.48, 0.48, 12.5], [0, 0.36, 0.64, 33.3], [0, 0, 0, 1]])


def write(path, content=None, data="LOCAL", **changes):
    fields = {**FIELDS, **changes, "ElementDataFile": data}
    header = "".join(f"{key} = {value}\n" for key, value in fields.items() if value is not None)
    path.write_bytes(header.encode() + (VOXELS.tobytes(order="F") if content is None else content))
    return path


def check(path):
    volume = read_volume(path)
    np.testing.assert_array_equal(volume.voxels, VOXELS)
    np.testing.assert_allclose(volume.affine, PLACE, atol=1e-12)


@pytest.mark.parametrize(
    "affine", [TILTED, TILTED @ np.diag([-1.0, 1, 1, 1]), affine_from_axis_codes("PIR", np.array([0.4, 0.5, 1.25]))]
)
def test_itk_and_we_see_each_others_files_at_the_same_place(tmp_path, affine):
    itk = pytest.importorskip("SimpleITK", reason="compares with SimpleITK")
    voxels = np.random.default_rng(1).integers(-1000, 3000, (6, 7, 8)).astype(np.int16)
    for name in ("ours.mha", "ours.mhd"):
        write_volume(Volume(voxels, affine), tmp_path / name)
        image = itk.ReadImage(str(tmp_path / name))
        np.testing.assert_array_equal(itk.GetArrayFromImage(image).T, voxels)
        corner = image.TransformIndexToPhysicalPoint((5, 6, 7))
        np.testing.assert_allclose(corner, (affine @ (5, 6, 7, 1))[:3] * (-1, -1, 1), atol=1e-9)
    for name in ("theirs.mha", "theirs.mhd"):
        itk.WriteImage(image, str(tmp_path / name), useCompression=name.endswith("d"))
        back = read_volume(tmp_path / name)
        np.testing.assert_array_equal(back.voxels, voxels)
        np.testing.assert_allclose(back.affine, affine, atol=1e-9)


def test_headers_with_empty_lines_or_without_a_kind_of_object_are_read_as_by_itk(tmp_path):
    check(write(tmp_path / "a.mha", ObjectType=None))
    content = write(tmp_path / "b.mha").read_bytes()
    (tmp_path / "b.mha").write_bytes(b"\n" + content.replace(b"NDims", b"\r\n \nNDims", 1))
    check(tmp_path / "b.mha")


@pytest.mark.parametrize("dtype", ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"])
def test_round_trip_keeps_every_type_and_digit(tmp_path, dtype):
    volume = Volume(VOXELS.astype(dtype), TILTED)
    write_volume(volume, tmp_path / "a.mha")
    write_volume(volume, tmp_path / "b.mha")
    back = read_volume(tmp_path / "a.mha")
    assert back.voxels.dtype == volume.voxels.dtype
    np.testing.assert_array_equal(back.voxels, volume.voxels)
    np.testing.assert_allclose(back.affine, TILTED, rtol=0, atol=1e-15)
    assert (tmp_path / "a.mha").read_bytes() == (tmp_path / "b.mha").read_bytes()


def test_a_header_and_its_data_file_are_written_together_or_not_at_all(tmp_path, monkeypatch):
    write_volume(Volume(VOXELS, TILTED), tmp_path / "skull 1.mhd")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["skull 1.mhd", "skull 1.zraw"]
    back = read_volume(tmp_path / "skull 1.mhd")
    np.testing.assert_array_equal(back.voxels, VOXELS)
    np.testing.assert_allclose(back.affine, TILTED, rtol=0, atol=1e-15)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}

    def full(*_written):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.replace", full)
        with pytest.raises(InputError, match="No space left"):
            write_volume(Volume(VOXELS + 1, TILTED), tmp_path / "skull 1.mhd")
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
    write_volume(Volume(VOXELS + 1, TILTED), tmp_path / "skull 1.mhd")
    np.testing.assert_array_equal(read_volume(tmp_path / "skull 1.mhd").voxels, VOXELS + 1)


def test_fields_mean_what_itk_takes_them_to_mean(tmp_path):
    big, file = VOXELS.astype(">i2").tobytes(order="F"), tmp_path / "a.mha"
    check(write(file))
    check(write(file, CenterOfRotation="9 9 9", AnatomicalOrientation="RAI", Comment="from here: to there"))
    check(write(file, TransformMatrix=None, Rotation=FIELDS["TransformMatrix"], Offset=None, Origin="5 6 7"))
    check(write(file, TransformMatrix=None, Orientation=FIELDS["TransformMatrix"], Offset=None, Position="5 6 7"))
    check(write(file, ElementSpacing=None, ElementSize="2 3 4"))
    check(write(file, ElementSize="1 1 1"))  # the size of a detector's element; its spacing counts
    check(write(file, TransformMatrix="0 -1 0 0 0 1 1 0 0", ElementSpacing="-2 3 4"))
    check(write(file, big, BinaryDataByteOrderMSB="True"))
    check(write(file, big, ElementByteOrderMSB="True"))
    check(write(file, " ".join(map(str, VOXELS.ravel(order="F"))).encode(), BinaryData="False"))
    check(write(file, DistanceUnits="cm", ElementSpacing="0.2 0.3 0.4", Offset="0.5 0.6 0.7"))
    check(write(file, DistanceUnits="?", HeaderSize="-1"))
    header = write(file, b"").read_bytes()
    file.write_bytes(header.replace(b"\n", b"\r\n").replace(b" = ", b"=") + VOXELS.tobytes(order="F"))
    check(file)
    matrix = "0 1 0 0 0 0 1 0 1 0 0 0 0 0 0 1"
    four = {"NDims": "4", "DimSize": "3 4 5 1", "ElementSpacing": "2 3 4 1", "Offset": "5 6 7 0"}
    check(write(file, TransformMatrix=matrix, **four))


def test_data_files_are_read_and_hashed(tmp_path):
    file, content = tmp_path / "a.mhd", VOXELS.tobytes(order="F")
    (tmp_path / "whole.raw").write_bytes(b"12345678" + content)
    check(write(file, b"", "whole.raw", HeaderSize="8"))
    check(write(file, b"", "whole.raw", HeaderSize="-1"))
    (tmp_path / "whole.zraw").write_bytes(zlib.compress(content))
    check(write(file, b"", "whole.zraw", CompressedData="True"))
    names = [f"slice{number:02d}.raw" for number in range(1, 6)]
    for number, name in enumerate(names):
        (tmp_path / name).write_bytes(content[number * 24 : number * 24 + 24])
    check(write(file, b"", "slice%02d.raw 1 5 1"))
    check(write(file, "\n".join(names).encode(), "LIST 2D"))
    before = volume_hash(file)
    (tmp_path / names[3]).write_bytes(bytes(24))
    assert volume_hash(file) != before
    (tmp_path / names[3]).unlink()
    assert input_hash(file) == ""
    with pytest.raises(InputError, match=r"There is no file .*slice04"):
        read_volume(file)


def test_no_flipped_bit_changes_a_voxel(tmp_path):
    content = zlib.compress(VOXELS.tobytes(order="F"))
    for place in range(2, len(content), 7):
        damaged = bytearray(content)
        damaged[place] ^= 4
        with pytest.raises(InputError, match="damaged"):
            read_volume(write(tmp_path / "a.mha", bytes(damaged), CompressedData="True"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"DimSize": "3 4 4"}, "damaged"),
        ({"DimSize": "3 4 6"}, "damaged"),
        ({"DimSize": "99999 99999 99999"}, "can hold"),
        ({"DimSize": "3 4"}, "damaged"),
        ({"NDims": "2", "DimSize": "12 5"}, "has 2 dimensions"),
        ({"DimSize": "3 4 1", "ElementNumberOfChannels": "5"}, "has 5 values per voxel"),
        ({"ObjectType": "Mesh"}, "holds no image"),
        ({"ElementType": "MET_STRING"}, "damaged"),
        ({"ElementSpacing": None}, "no voxel spacing"),
        ({"TransformMatrix": None}, "--orientation"),
        ({"TransformMatrix": "1 0.2 0 0 1 0 0 0 1"}, "right angles"),
        ({"TransformMatrix": "1 0 0 0 1 0 0 0 0"}, "not possible"),
        ({"Origin": "1 2 3"}, "gives both Offset and Origin"),
        ({"DistanceUnits": "furlong"}, "gives lengths in furlong"),
        ({"ElementToIntensityFunctionSlope": "2"}, "scales its values"),
        ({"HeaderSize": "8"}, "damaged"),
        ({"data": "absent.raw"}, "There is no file .*absent.raw"),
        ({"data": "s%d.raw 1 999999999 1"}, "more than a volume can have"),
        ({"data": "LIST", "content": b""}, "names 0 data files"),
        ({"content": VOXELS.tobytes() + b"!"}, "damaged"),
        ({"content": VOXELS.tobytes()[:-1]}, "damaged"),
        ({"content": zlib.compress(VOXELS.tobytes())[:-3], "CompressedData": "True"}, "damaged"),
        ({"content": zlib.compress(VOXELS.tobytes()) + b"!", "CompressedData": "True"}, "damaged"),
    ],
)
def test_what_is_damaged_or_doubtful_is_refused_by_name(tmp_path, changes, message):
    with pytest.raises(InputError, match=message) as caught:
        read_volume(write(tmp_path / "skull.mha", **changes))
    assert ("skull.mha" in str(caught.value)) != ("absent.raw" in str(caught.value))


def test_a_header_without_directions_is_read_with_the_option(tmp_path):
    volume = read_volume(write(tmp_path / "a.mha", TransformMatrix=None), orientation="RAS")
    np.testing.assert_array_equal(volume.affine, np.diag([2.0, 3, 4, 1]))


def test_a_file_that_is_no_header_is_refused(tmp_path):
    for content in (b"", b"hello", bytes(3_000_000), b"NDims = 3\nNDims = 3\n"):
        (tmp_path / "a.mha").write_bytes(content)
        with pytest.raises(InputError, match="damaged"):
            read_volume(tmp_path / "a.mha")
        assert volume_hash(tmp_path / "a.mha")
