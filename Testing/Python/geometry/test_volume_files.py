"""Volumes survive files with their geometry; bad files are refused with one sentence."""

import gzip
import re
from pathlib import Path

import nibabel
import nrrd
import numpy as np
import pytest

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import read_volume, write_volume

OBLIQUE = np.array(
    [
        [-0.45117199999999991, 0.0, 0.0, 120.20000000000002],
        [0.0, -0.445617352660377, -0.099022671809384913, 127.8461171845037],
        [0.0, -0.07057866952526852, 0.62520618710809539, -10.215863564566289],
        [0, 0, 0, 1],
    ]
)


def mask(shape=(5, 6, 7)) -> np.ndarray:
    return np.random.default_rng(0).random(shape) > 0.5


@pytest.mark.parametrize("name", ["a.nrrd", "b.nii", "c.nii.gz"])
def test_round_trip_keeps_voxels_and_geometry(tmp_path, name):
    volume = Volume(mask(), OBLIQUE)
    write_volume(volume, tmp_path / name)
    back = read_volume(tmp_path / name)
    assert back.voxels.dtype == np.uint8
    np.testing.assert_array_equal(back.voxels, volume.voxels)
    np.testing.assert_allclose(back.affine, OBLIQUE, rtol=0, atol=0 if name == "a.nrrd" else 1e-5)


@pytest.mark.parametrize("name", ["a.nrrd", "b.nii.gz"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_a_volume_in_any_order_of_memory_is_written_the_same(tmp_path, name, order):
    values = np.zeros((5, 6, 7), np.float32)
    values[1:3, 2:6, 3] = np.random.default_rng(0).normal(size=(2, 4))
    for voxels in (values, np.zeros_like(values), values - 1000, values.astype(np.float16)):
        write_volume(Volume(voxels.copy(order), OBLIQUE), tmp_path / name)
        back = read_volume(tmp_path / name).voxels
        assert back.dtype == np.float32
        np.testing.assert_array_equal(back, voxels)


def test_nrrd_keeps_every_digit_of_another_nrrd(tmp_path):
    header = {
        "space": "left-posterior-superior",
        "space directions": (OBLIQUE[:3, :3] * [[-1], [-1], [1]]).T,
        "space origin": OBLIQUE[:3, 3] * [-1, -1, 1],
        "encoding": "gzip",
    }
    nrrd.write(str(tmp_path / "in.nrrd"), mask().astype(np.int32), header)
    write_volume(read_volume(tmp_path / "in.nrrd"), tmp_path / "out.nrrd")
    first, second = (nrrd.read_header(str(tmp_path / f)) for f in ("in.nrrd", "out.nrrd"))
    np.testing.assert_array_equal(first["space directions"], second["space directions"])
    np.testing.assert_array_equal(first["space origin"], second["space origin"])


def test_ras_and_las_nrrd_are_the_same_place(tmp_path):
    for space, signs in (("right-anterior-superior", (1, 1, 1)), ("LAS", (-1, 1, 1))):
        header = {
            "space": space,
            "space directions": (OBLIQUE[:3, :3].T * signs),
            "space origin": OBLIQUE[:3, 3] * signs,
        }
        nrrd.write(str(tmp_path / "in.nrrd"), mask().astype(np.uint8), header)
        np.testing.assert_allclose(read_volume(tmp_path / "in.nrrd").affine, OBLIQUE, atol=1e-12)


def test_nifti_without_orientation_needs_the_option(tmp_path):
    image = nibabel.Nifti1Image(mask().astype(np.uint8), None)
    image.header.set_zooms((0.4, 0.5, 0.6))
    image.header["qform_code"] = image.header["sform_code"] = 0
    nibabel.save(image, tmp_path / "headless.nii.gz")
    with pytest.raises(InputError, match="--orientation"):
        read_volume(tmp_path / "headless.nii.gz")
    volume = read_volume(tmp_path / "headless.nii.gz", orientation="lps")
    assert volume.axis_codes == "LPS"
    np.testing.assert_allclose(volume.spacing, (0.4, 0.5, 0.6), rtol=1e-6)


def test_nrrd_without_space_needs_the_option(tmp_path):
    nrrd.write(str(tmp_path / "a.nrrd"), mask().astype(np.uint8), {"spacings": [1.0, 2.0, 3.0]})
    with pytest.raises(InputError, match="--orientation"):
        read_volume(tmp_path / "a.nrrd")
    np.testing.assert_array_equal(read_volume(tmp_path / "a.nrrd", orientation="RAS").spacing, (1, 2, 3))
    nrrd.write(str(tmp_path / "b.nrrd"), mask().astype(np.uint8), {})
    with pytest.raises(InputError, match="spacing"):
        read_volume(tmp_path / "b.nrrd", orientation="RAS")


def test_nifti_in_meters_is_read_in_millimeters(tmp_path):
    image = nibabel.Nifti1Image(mask().astype(np.uint8), np.diag([0.001, 0.001, 0.002, 1]))
    image.header.set_xyzt_units("meter")
    nibabel.save(image, tmp_path / "metres.nii")
    np.testing.assert_allclose(read_volume(tmp_path / "metres.nii").spacing, (1, 1, 2), rtol=1e-6)


def segmentation_file(path, layers: int) -> np.ndarray:
    labels = np.zeros((layers, 4, 5, 6), np.uint8)
    labels[0, 1:3, 1:3, 1:3] = 1
    labels[-1, 2:4, 3:5, 3:5] = 2
    header = {
        "space": "left-posterior-superior",
        "space directions": np.diag([-1.0, -1.0, 1.0]),
        "space origin": [0.0, 0.0, 0.0],
        "Segment0_ID": "Segment_1",
        "Segment0_Name": "Skull",
        "Segment0_LabelValue": "1",
        "Segment0_Layer": "0",
        "Segment1_ID": "Segment_2",
        "Segment1_Name": "Table",
        "Segment1_LabelValue": "2",
        "Segment1_Layer": str(layers - 1),
    }
    if layers > 1:
        header["space directions"] = np.vstack([[np.nan] * 3, header["space directions"]])
        header["kinds"] = ["list", "domain", "domain", "domain"]
    nrrd.write(str(path), labels if layers > 1 else labels[0], header)
    return labels


@pytest.mark.parametrize("layers", [1, 2])
def test_segment_is_chosen_by_name_id_or_label(tmp_path, layers):
    path = tmp_path / "skull.seg.nrrd"
    labels = segmentation_file(path, layers)
    for segment in ("skull", "Segment_1", "1"):
        np.testing.assert_array_equal(read_volume(path, segment=segment).voxels, labels[0] == 1)
    np.testing.assert_array_equal(read_volume(path, segment="Table").voxels, labels[-1] == 2)
    with pytest.raises(InputError, match=r"--segment: 'Skull', 'Table'"):
        read_volume(path)
    with pytest.raises(InputError, match="no segment 'Femur'"):
        read_volume(path, segment="Femur")


def test_label_of_a_plain_labelmap(tmp_path):
    labels = np.zeros((4, 4, 4), np.uint8)
    labels[1, 1, 1] = 3
    write_volume(Volume(labels, np.eye(4)), tmp_path / "labels.nrrd")
    assert read_volume(tmp_path / "labels.nrrd", segment="3").voxels.sum() == 1
    with pytest.raises(InputError, match="label 2"):
        read_volume(tmp_path / "labels.nrrd", segment="2")


def bad_files(folder):
    (folder / "text.nrrd").write_text("hello")
    (folder / "empty.nii").write_bytes(b"")
    (folder / "notes.txt").write_text("hello")
    write_volume(Volume(mask((30, 30, 30)), np.eye(4)), folder / "cut.nii.gz")
    data = (folder / "cut.nii.gz").read_bytes()
    (folder / "cut.nii.gz").write_bytes(data[: len(data) // 2])
    write_volume(Volume(mask((30, 30, 30)), np.eye(4)), folder / "cut.nrrd")
    data = (folder / "cut.nrrd").read_bytes()
    (folder / "cut.nrrd").write_bytes(data[: len(data) // 2])
    nibabel.save(nibabel.Nifti1Image(np.zeros((4, 4, 4, 2), np.uint8), np.eye(4)), folder / "four.nii")
    nibabel.save(nibabel.Nifti1Image(np.zeros((4, 4), np.uint8), np.eye(4)), folder / "flat.nii")
    nibabel.save(nibabel.Nifti1Image(np.full((4, 4, 4), np.nan, np.float32), np.eye(4)), folder / "nan.nii")
    (folder / "gzipped.nii.gz").write_bytes(gzip.compress(b"nothing of use"))
    return [p.name for p in folder.iterdir()] + ["missing.nrrd"]


def test_bad_files_are_refused_in_one_sentence(tmp_path):
    for name in bad_files(tmp_path):
        with pytest.raises(InputError) as caught:
            read_volume(tmp_path / name)
        message = str(caught.value)
        assert name in message
        assert "\n" not in message
        assert len(re.findall(r"[.!] [A-Z]", message)) == 0


def test_failed_write_keeps_the_old_file(tmp_path, monkeypatch):
    write_volume(Volume(mask(), np.eye(4)), tmp_path / "a.nrrd")
    before = (tmp_path / "a.nrrd").read_bytes()

    def disk_full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", disk_full)
    with pytest.raises(InputError, match="No space left"):
        write_volume(Volume(~mask(), np.eye(4)), tmp_path / "a.nrrd")
    assert (tmp_path / "a.nrrd").read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.nrrd"]


@pytest.mark.slow
def test_shared_skulls(shared):
    tilted = read_volume(shared / "skullfix/complete/000.nrrd")
    assert tilted.shape == (512, 512, 237)
    assert tilted.axis_codes == "LPS"
    assert abs(tilted.affine[2, 1]) > 0.05
    skullbreak = shared / "skullbreak/skullbreak_parietotemporal_001_defective.nii.gz"
    with pytest.raises(InputError, match="--orientation"):
        read_volume(skullbreak)
    np.testing.assert_allclose(read_volume(skullbreak, orientation="LPS").spacing, 0.4, rtol=1e-6)
