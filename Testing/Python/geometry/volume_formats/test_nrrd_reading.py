"""NRRD files are read to their checksum, with all their data files, in the unit that they give."""

import bz2
import gzip

import nrrd
import numpy as np
import pytest

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.volume_files import input_hash, read_volume, volume_hash
from CraNeXtLib.geometry.volume_formats.nrrd_files import data_files

VOXELS = (np.random.default_rng(3).random((10, 11, 12)) * 1000).astype(np.int16)
HEADER = {
    "space": "left-posterior-superior",
    "space directions": np.diag([2.0, 2.0, 3.0]),
    "space origin": [1.0, 2.0, 3.0],
}
PLACE = np.array([[-2.0, 0, 0, -1], [0, -2.0, 0, -2], [0, 0, 3.0, 3], [0, 0, 0, 1]])


def write(path, voxels=VOXELS, **fields):
    nrrd.write(str(path), voxels, HEADER | fields, index_order="F")
    return path


@pytest.mark.parametrize("encoding", ["raw", "gzip", "bzip2", "ascii"])
@pytest.mark.parametrize("suffix", ["nrrd", "nhdr"])
def test_every_encoding_gives_the_same_voxels(tmp_path, encoding, suffix):
    volume = read_volume(write(tmp_path / f"a.{suffix}", encoding=encoding))
    np.testing.assert_array_equal(volume.voxels, VOXELS)
    np.testing.assert_array_equal(volume.affine, PLACE)


def test_an_encoding_that_is_not_read_is_named(tmp_path):
    content = write(tmp_path / "a.nrrd", encoding="raw").read_bytes()
    (tmp_path / "b.nrrd").write_bytes(content.replace(b"encoding: raw", b"encoding: hex"))
    with pytest.raises(InputError, match=r"The voxels of b\.nrrd are encoded as hex; save it as raw or gzip"):
        read_volume(tmp_path / "b.nrrd")


def test_names_of_fields_have_no_case(tmp_path):
    write(tmp_path / "a.nhdr", Segment0_ID="Bone", Segment0_Name="A: b")
    header = (tmp_path / "a.nhdr").read_text()
    for name in ("type", "sizes", "space directions", "space origin", "data file", "encoding"):
        assert f"{name}:" in header
        header = header.replace(f"{name}:", f"{name.title()}:")
    (tmp_path / "b.nhdr").write_text(header)
    assert len(data_files(tmp_path / "b.nhdr")) == 1
    plain, titled = read_volume(tmp_path / "a.nhdr", segment="A: b"), read_volume(tmp_path / "b.nhdr", segment="A: b")
    np.testing.assert_array_equal(titled.voxels, plain.voxels)
    np.testing.assert_array_equal(titled.affine, PLACE)


@pytest.mark.parametrize("order", ["little", "big"])
def test_the_order_of_bytes_is_heeded(tmp_path, order):
    voxels = VOXELS.astype(f"{'<' if order == 'little' else '>'}i2")
    np.testing.assert_array_equal(read_volume(write(tmp_path / "a.nrrd", voxels, endian=order)).voxels, VOXELS)


@pytest.mark.parametrize("encoding", ["gzip", "bzip2"])
@pytest.mark.parametrize("suffix", ["nrrd", "nhdr"])
def test_no_flipped_bit_changes_a_voxel(tmp_path, encoding, suffix):
    path = write(tmp_path / f"a.{suffix}", encoding=encoding)
    file = (data_files(path) or [path])[0]
    content = file.read_bytes()
    start = content.index(b"\n\n") + 14 if suffix == "nrrd" else 12
    for place in range(start, len(content), 29):
        damaged = bytearray(content)
        damaged[place] ^= 4
        file.write_bytes(damaged)
        with pytest.raises(InputError, match="damaged"):
            read_volume(path)


def test_an_edited_size_is_damage(tmp_path):
    content = write(tmp_path / "a.nrrd").read_bytes()
    for size, words in ((b"10 11 11", "damaged"), (b"10 11 99", "damaged"), (b"99999 99999 99999", "can hold")):
        (tmp_path / "b.nrrd").write_bytes(content.replace(b"10 11 12", size))
        with pytest.raises(InputError, match=words):
            read_volume(tmp_path / "b.nrrd")


@pytest.mark.parametrize(("unit", "scale"), [("mm", 1), ("cm", 10), ("m", 1000), ("um", 0.001), ("in", 25.4), ("", 1)])
def test_lengths_are_read_in_their_unit(tmp_path, unit, scale):
    fields = {
        "space directions": HEADER["space directions"] / scale,
        "space origin": np.array(HEADER["space origin"]) / scale,
        "space units": [unit] * 3,
    }
    np.testing.assert_allclose(read_volume(write(tmp_path / "a.nrrd", **fields)).affine, PLACE, rtol=1e-12)


def test_a_unit_that_is_unknown_or_not_common_to_all_axes_is_refused(tmp_path):
    for units in (["furlong"] * 3, ["mm", "cm", "mm"]):
        with pytest.raises(InputError, match=r"gives lengths in (furlong|cm, mm); save it in millimeters"):
            read_volume(write(tmp_path / "a.nrrd", **{"space units": units}))


@pytest.mark.parametrize("axis", [0, 3])
def test_one_frame_of_four_dimensions_is_a_volume(tmp_path, axis):
    directions = np.insert(HEADER["space directions"], axis, np.nan, axis=0)
    path = write(tmp_path / "a.nrrd", np.expand_dims(VOXELS, axis), **{"space directions": directions})
    np.testing.assert_array_equal(read_volume(path).voxels, VOXELS)
    np.testing.assert_array_equal(read_volume(path).affine, PLACE)
    two = np.repeat(np.expand_dims(VOXELS, axis), 2, axis=axis)
    with pytest.raises(InputError, match="has 4 dimensions"):
        read_volume(write(tmp_path / "b.nrrd", two, **{"space directions": directions}))


@pytest.mark.parametrize("named", ["slice%02d.raw.gz 1 12 1", "LIST"])
@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress])
def test_several_data_files_are_read_and_hashed(tmp_path, named, pack):
    files = [f"slice{number:02d}.raw.gz" for number in range(1, 13)]
    for number, file in enumerate(files):
        (tmp_path / file).write_bytes(pack(VOXELS[..., number].astype("<i2").tobytes(order="F")))
    lines = write(tmp_path / "a.nhdr", encoding="gzip" if pack is gzip.compress else "bzip2").read_text().splitlines()
    lines = [line for line in lines if line and not line.startswith("data file")] + [f"data file: {named}"]
    (tmp_path / "a.nhdr").write_text("\n".join(lines + (files if named == "LIST" else [])) + "\n")
    np.testing.assert_array_equal(read_volume(tmp_path / "a.nhdr").voxels, VOXELS)
    before = volume_hash(tmp_path / "a.nhdr")
    (tmp_path / files[7]).write_bytes(pack(bytes(220)))
    assert volume_hash(tmp_path / "a.nhdr") != before
    (tmp_path / files[7]).unlink()
    assert input_hash(tmp_path / "a.nhdr") == ""
    with pytest.raises(InputError, match=r"There is no file .*slice08"):
        read_volume(tmp_path / "a.nhdr")


def test_a_header_that_asks_for_a_million_files_or_another_format_is_refused(tmp_path):
    text = write(tmp_path / "a.nhdr").read_text()
    for named in ("s%d.raw 1 999999999 1", "%s.raw 1 2 1", "s%999999999d.raw 1 2 1", "s.raw%n 1 2 1"):
        (tmp_path / "a.nhdr").write_text(text.replace("a.raw.gz", named))
        with pytest.raises(InputError):
            read_volume(tmp_path / "a.nhdr")
