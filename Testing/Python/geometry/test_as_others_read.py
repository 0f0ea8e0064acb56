"""Where a marked voxel lies, as CraNeXt and as ITK (SimpleITK, 3D Slicer) read the same file: ``Docs/reading.md``.

Every volume has 5 × 6 × 7 voxels of 2 × 3 × 4 mm, and voxel (1, 2, 3) is marked. Its place is worked out by hand. In
most files the directions are turned about the first axis, by the angle whose cosine is 0.8 and whose sine is 0.6.
"""

from pathlib import Path
from typing import NamedTuple

import nibabel
import numpy as np
import pytest
from other_readers import array_of, read_with_simpleitk, read_with_slicer

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import read_volume, write_volume

VOXELS = np.zeros((5, 6, 7), np.uint8)
VOXELS[1, 2, 3] = 1
SPACING = np.array([2.0, 3.0, 4.0])
TURNED = np.array([[2, 0, 0, 10], [0, 2.4, -2.4, 20], [0, 1.8, 3.2, 30], [0, 0, 0, 1]])
STRAIGHT = np.array([[2.0, 0, 0, -40], [0, 3, 0, -50], [0, 0, 4, -60], [0, 0, 0, 1]])
SHEARED = np.array([[2, 0, 1, 10], [0, 3, 0, 20], [0, 0, 4, 30], [0, 0, 0, 1.0]])
MIRRORED = TURNED @ np.diag([-1, 1, 1, 1])
SHUFFLED = TURNED[:, [2, 0, 1, 3]]
LPS, LAS = (-1, -1, 1), (-1, 1, 1)

AT_TURNED = (10 + 2, 20 + 4.8 - 7.2, 30 + 3.6 + 9.6)
AT_STRAIGHT = (-40 + 2, -50 + 6, -60 + 12)
AT_MIRRORED = (10 - 2, *AT_TURNED[1:])
AT_SHEARED = (10 + 2 + 3, 20 + 6, 30 + 12)
AT_LPS = (-2, -6, 12)
NO_ORIENTATION, TWO_POSITIONS, TWO_SPACINGS = "does not define the orientation", "two positions", "two spacings"
SHEAR = "not at right angles"

Place = tuple[float, ...]


class Row(NamedTuple):
    """A file, its marked voxel's place as we read it, or words of our refusal, and as ITK does; None if it refuses."""

    name: str
    content: bytes
    ours: Place | str
    itk: Place | None


def scaled(factor: float, affine: np.ndarray) -> np.ndarray:
    return np.diag([factor, factor, factor, 1]) @ affine


def place(factor: float) -> Place:
    """The place of the turned volume if its numbers were so many times as large."""
    return tuple(factor * number for number in AT_TURNED)


def nifti(
    qform=(STRAIGHT, 0), sform=(TURNED, 0), *, unit="mm", pixdim=SPACING, shape=VOXELS.shape, kind=nibabel.Nifti1Header
) -> bytes:
    """Return a NIfTI file with the forms and their codes, without anything that a library would adapt."""
    header = kind()
    header.set_data_dtype(np.uint8)
    header.set_data_shape(shape)
    header.set_qform(*qform)
    header.set_sform(*sform)
    header["qform_code"], header["sform_code"] = qform[1], sform[1]
    header["pixdim"][1:4] = pixdim
    header.set_xyzt_units(unit)
    header["magic"] = header.single_magic
    header["vox_offset"] = header.single_vox_offset
    return header.binaryblock + bytes(4) + VOXELS.tobytes(order="F")


def in_unit(unit: str, factor: float) -> bytes:
    stored = scaled(factor, TURNED)
    return nifti((stored, 1), (stored, 1), unit=unit, pixdim=SPACING * factor)


def nrrd(*lines: str, voxels: np.ndarray = VOXELS) -> bytes:
    fields = ["type: uint8", f"dimension: {voxels.ndim}", f"sizes: {' '.join(map(str, voxels.shape))}", "encoding: raw"]
    return "\n".join(["NRRD0005", *fields, *lines, "", ""]).encode() + voxels.tobytes(order="F")


def at(affine: np.ndarray, signs=(1, 1, 1)) -> tuple[str, str]:
    """Return the fields of an affine in a space with these signs of R, A and S."""
    *columns, origin = (f"({','.join(map(repr, (column * signs).tolist()))})" for column in affine[:3].T)
    return f"space directions: {' '.join(columns)}", f"space origin: {origin}"


def in_space(space: str, affine: np.ndarray = TURNED, signs=LPS, *lines: str) -> bytes:
    return nrrd(f"space: {space}", *at(affine, signs), *lines)


def lengths_in(unit: str, factor: float) -> bytes:
    return in_space("left-posterior-superior", scaled(factor, TURNED), LPS, f'space units: "{unit}" "{unit}" "{unit}"')


def meta_image(*lines: str) -> bytes:
    fields = ["ObjectType = Image", "NDims = 3", "DimSize = 5 6 7", *lines, "ElementType = MET_UCHAR"]
    return "\n".join([*fields, "ElementDataFile = LOCAL", ""]).encode() + VOXELS.tobytes(order="F")


MATRIX = "TransformMatrix = -1 0 0 0 -0.8 0.6 0 0.6 0.8"  # the directions of the three axes in LPS
OFFSET, ELEMENT_SPACING = "Offset = -10 -20 30", "ElementSpacing = 2 3 4"
ROWS = [
    Row("same.nii", nifti((TURNED, 1), (TURNED, 1)), AT_TURNED, AT_TURNED),
    Row("qform1_sform1.nii", nifti((STRAIGHT, 1), (TURNED, 1)), AT_TURNED, AT_TURNED),
    Row("qform2_sform1.nii", nifti((STRAIGHT, 2), (TURNED, 1)), AT_TURNED, AT_TURNED),
    *(
        Row(f"qform{q}_sform{s}.nii", nifti((STRAIGHT, q), (TURNED, s)), TWO_POSITIONS, AT_STRAIGHT)
        for q, s in ((1, 2), (1, 3), (1, 4), (2, 2))
    ),
    Row("qform1_sform0.nii", nifti((STRAIGHT, 1)), AT_STRAIGHT, AT_STRAIGHT),
    *(Row(f"qform0_sform{s}.nii", nifti(sform=(TURNED, s)), AT_TURNED, AT_TURNED) for s in (1, 2, 3, 4)),
    Row("no_codes.nii", nifti(), NO_ORIENTATION, AT_LPS),
    Row("sheared_sform.nii", nifti(sform=(SHEARED, 1), pixdim=(2, 3, 17**0.5)), SHEAR, None),
    Row("qform_and_sheared_sform.nii", nifti((STRAIGHT, 1), (SHEARED, 1)), SHEAR, AT_STRAIGHT),
    Row("meters.nii", in_unit("meter", 0.001), AT_TURNED, AT_TURNED),
    Row("microns.nii", in_unit("micron", 1000), AT_TURNED, AT_TURNED),
    Row("unknown_unit.nii", in_unit("unknown", 1), AT_TURNED, AT_TURNED),
    Row(
        "pixdim_twice.nii",
        nifti(sform=(TURNED, 1), pixdim=2 * SPACING),
        TWO_SPACINGS,
        (10 + 4, 20 + 9.6 - 14.4, 30 + 7.2 + 19.2),
    ),
    Row("negative_pixdim.nii", nifti(sform=(TURNED, 1), pixdim=(-2, 3, 4)), "negative spacing", AT_MIRRORED),
    Row("negative_pixdim_qform.nii", nifti((TURNED, 1), pixdim=(-2, 3, 4)), "negative spacing", AT_MIRRORED),
    Row("mirrored.nii", nifti((MIRRORED, 1), (MIRRORED, 1)), AT_MIRRORED, AT_MIRRORED),
    Row("one_time_point.nii", nifti((TURNED, 1), (TURNED, 1), shape=(5, 6, 7, 1)), AT_TURNED, AT_TURNED),
    Row("nifti2.nii", nifti((TURNED, 1), (TURNED, 1), kind=nibabel.Nifti2Header), AT_TURNED, None),
    Row("lps.nrrd", in_space("left-posterior-superior"), AT_TURNED, AT_TURNED),
    Row("ras.nrrd", in_space("right-anterior-superior", TURNED, (1, 1, 1)), AT_TURNED, AT_TURNED),
    Row("ras_in_short.nrrd", in_space("RAS", TURNED, (1, 1, 1)), AT_TURNED, AT_TURNED),
    Row("las.nrrd", in_space("left-anterior-superior", TURNED, LAS), AT_TURNED, AT_TURNED),
    Row("spaces_in_vectors.nrrd", in_space("LPS").replace(b",", b", "), AT_TURNED, AT_TURNED),
    Row("no_space.nrrd", nrrd("space dimension: 3", *at(TURNED, LPS)), NO_ORIENTATION, AT_TURNED),
    *(
        Row(f"{space}.nrrd", in_space(space), NO_ORIENTATION, AT_TURNED)
        for space in ("scanner-xyz", "3D-right-handed", "3D-left-handed")
    ),
    Row("spacings.nrrd", nrrd("spacings: 2 3 4"), NO_ORIENTATION, AT_LPS),
    Row(
        "axis_mins.nrrd",
        nrrd("spacings: 2 3 4", "axis mins: 10 20 30"),
        NO_ORIENTATION,
        (-(11 + 2), -(21.5 + 6), 32 + 12),
    ),
    Row("nothing.nrrd", nrrd(), NO_ORIENTATION, (-1, -2, 3)),
    Row("mm.nrrd", lengths_in("mm", 1), AT_TURNED, AT_TURNED),
    Row("cm.nrrd", lengths_in("cm", 0.1), AT_TURNED, place(0.1)),
    Row("m.nrrd", lengths_in("m", 0.001), AT_TURNED, place(0.001)),
    Row("um.nrrd", lengths_in("um", 1000), AT_TURNED, place(1000)),
    *(
        Row(
            f"{where}_centers.nrrd",
            in_space("LPS", TURNED, LPS, f"centerings: {where} {where} {where}"),
            *[AT_TURNED] * 2,
        )
        for where in ("cell", "node")
    ),
    Row("mirrored.nrrd", in_space("left-posterior-superior", MIRRORED), AT_MIRRORED, AT_MIRRORED),
    Row("sheared.nrrd", in_space("left-posterior-superior", SHEARED), SHEAR, AT_SHEARED),
    Row("no_origin.nrrd", nrrd("space: LPS", at(TURNED, LPS)[0]), *[(2, 4.8 - 7.2, 3.6 + 9.6)] * 2),
    Row(
        "measurement_frame.nrrd",
        in_space("LPS", TURNED, LPS, "measurement frame: (0,1,0) (-1,0,0) (0,0,1)"),
        AT_TURNED,
        AT_TURNED,
    ),
    Row("matrix.mha", meta_image(MATRIX, OFFSET, ELEMENT_SPACING), AT_TURNED, AT_TURNED),
    Row("center.mha", meta_image(MATRIX, OFFSET, "CenterOfRotation = 5 5 5", ELEMENT_SPACING), AT_TURNED, AT_TURNED),
    Row(
        "no_matrix.mha",
        meta_image(OFFSET, "AnatomicalOrientation = RAS", ELEMENT_SPACING),
        NO_ORIENTATION,
        (10 - 2, 20 - 6, 30 + 12),
    ),
    Row("element_size.mha", meta_image(MATRIX, OFFSET, "ElementSize = 2 3 4"), AT_TURNED, AT_TURNED),
    Row("unit.mha", meta_image(MATRIX, OFFSET, ELEMENT_SPACING, "DistanceUnits = cm"), place(10), AT_TURNED),
]
by_file = pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])


def segmentation(segments: tuple[str, ...], *lines: str, voxels: np.ndarray, kinds: str, old: bool = False) -> bytes:
    """Return a segmentation as 3D Slicer saves it, with a layer for each segment, or as older versions did."""
    fields = [f"kinds: {kinds}", "Segmentation_MasterRepresentation:=Binary labelmap", *lines]
    for number, name in enumerate(segments):
        values = {"ID": f"Segment_{number}", "Name": name, "Extent": "0 4 0 5 0 6"}
        values |= {} if old else {"Layer": number, "LabelValue": 1}
        fields += [f"Segment{number}_{key}:={value}" for key, value in values.items()]
    return nrrd("space: left-posterior-superior", *fields, voxels=voxels)


TURNED_DIRECTIONS, TURNED_ORIGIN = at(TURNED, LPS)
LAYERS = {"voxels": np.stack([np.roll(VOXELS, 1, axis=0), VOXELS]), "kinds": "list domain domain domain"}
LAYERS_DIRECTIONS = TURNED_DIRECTIONS.replace(": ", ": none ")
SEGMENTATIONS = [
    segmentation(("skull", "implant"), LAYERS_DIRECTIONS, TURNED_ORIGIN, **LAYERS),
    segmentation(("skull", "implant"), LAYERS_DIRECTIONS, TURNED_ORIGIN, **LAYERS, old=True),
    segmentation(  # cropped: the offset into the larger volume is already in the origin
        ("implant",),
        TURNED_DIRECTIONS,
        TURNED_ORIGIN,
        "Segmentation_ReferenceImageExtentOffset:=5 6 7",
        voxels=VOXELS,
        kinds="domain domain domain",
    ),
]
by_segmentation = pytest.mark.parametrize("content", SEGMENTATIONS, ids=["layers", "old", "cropped"])


def written(folder: Path, row: Row) -> Path:
    (folder / row.name).write_bytes(row.content)
    return folder / row.name


def assert_marked_at(place: Place, voxels: np.ndarray, affine: np.ndarray) -> None:
    (index,) = np.argwhere(voxels)
    np.testing.assert_allclose((affine @ [*index, 1])[:3], place, rtol=1e-5, atol=1e-4)


@by_file
def test_cranext(tmp_path, row):
    file = written(tmp_path, row)
    if isinstance(row.ours, str):
        with pytest.raises(InputError, match=row.ours):
            read_volume(file)
    else:
        volume = read_volume(file)
        assert_marked_at(row.ours, volume.voxels, volume.affine)


@by_file
def test_simpleitk(tmp_path, row):
    file = written(tmp_path, row)
    if row.itk is None:
        with pytest.raises(RuntimeError):
            read_with_simpleitk(file)
    else:
        assert_marked_at(row.itk, *read_with_simpleitk(file))


@by_file
def test_3d_slicer(tmp_path, row):
    file = written(tmp_path, row)
    if row.itk is None:
        with pytest.raises(AssertionError):
            read_with_slicer(file)
    else:
        assert_marked_at(row.itk, *read_with_slicer(file))


@pytest.mark.parametrize("suffix", [".nrrd", ".nii", ".nii.gz", ".mha", ".mhd"])
@pytest.mark.parametrize(
    "axes", [TURNED, MIRRORED, SHUFFLED, STRAIGHT], ids=["turned", "mirrored", "shuffled", "straight"]
)
@pytest.mark.parametrize("reader", ["simpleitk", "slicer"])
def test_what_cranext_writes_lies_at_the_same_place_for_others(tmp_path, reader, axes, suffix):
    file = tmp_path / f"written{suffix}"
    write_volume(Volume(VOXELS, axes), file)
    place = (axes @ [1, 2, 3, 1])[:3]
    assert_marked_at(place, *(read_with_simpleitk if reader == "simpleitk" else read_with_slicer)(file))


@pytest.mark.parametrize(("axes", "rounding"), [(TURNED, 1e-5), (MIRRORED, 1e-3)], ids=["turned", "mirrored"])
@pytest.mark.parametrize("reader", ["simpleitk", "slicer"])
def test_nifti_that_is_not_quite_at_right_angles_opens_in_itk(tmp_path, reader, axes, rounding):
    """ITK takes no shear from NIfTI: its axes are at right angles, about the center of the volume.

    The mirrored axes are half a turn of straight ones, for which a quaternion of 32-bit numbers is coarse.
    """
    almost = axes @ np.array([[1, 4.5e-4, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])  # 3e-4 off: 2 and 3 mm
    file = tmp_path / "written.nii"
    write_volume(Volume(np.ones((5, 6, 7), np.uint8), almost), file)
    np.testing.assert_allclose(read_volume(file).affine, almost, rtol=0, atol=2e-6)  # ours is the sform, in 32 bits
    np.testing.assert_allclose(nibabel.load(file).affine, almost, rtol=0, atol=2e-6)
    affine = (read_with_simpleitk if reader == "simpleitk" else read_with_slicer)(file)[1]
    if np.linalg.det(affine[:3, :3]) * np.linalg.det(almost[:3, :3]) < 0:
        affine = affine @ np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, -1, 6], [0, 0, 0, 1]])  # slices reversed
    offset = affine @ [2, 2.5, 3, 1] - almost @ [2, 2.5, 3, 1]
    np.testing.assert_allclose(offset, 0, atol=rounding)  # the center
    farthest = np.linalg.norm((affine - almost) @ [4, 5, 6, 1])
    assert 1e-4 < farthest < 1.5e-4 * 8.6 + 2 * rounding  # half of the shear, times the corner's distance


def test_nifti_that_others_would_show_elsewhere_is_not_written(tmp_path):
    sheared = np.array([[0.5, 5e-4, 0, 0], [0, 0.5, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])  # 1e-3 off, of 1 m
    with pytest.raises(InputError, match=r"some would be 0\.28 mm off; choose \.nrrd or \.mha"):
        write_volume(Volume(np.zeros((1000, 2000, 1), np.uint8), sheared), tmp_path / "written.nii")
    assert not list(tmp_path.iterdir())


@by_segmentation
def test_a_segment_in_cranext_and_3d_slicer(tmp_path, content):
    slicer = pytest.importorskip("slicer", reason="compares with slicer-core")
    from vtkmodules.vtkCommonMath import vtkMatrix4x4

    file = tmp_path / "segments.seg.nrrd"
    file.write_bytes(content)
    volume = read_volume(file, segment="implant")
    assert_marked_at(AT_TURNED, volume.voxels, volume.affine)

    scene = slicer.vtkMRMLScene()
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    storage = scene.AddNewNodeByClass("vtkMRMLSegmentationStorageNode")
    storage.SetFileName(str(file))
    assert storage.ReadData(node)
    image, matrix = slicer.vtkOrientedImageData(), vtkMatrix4x4()
    node.GetBinaryLabelmapRepresentation(node.GetSegmentation().GetSegmentIdBySegmentName("implant"), image)
    image.GetImageToWorldMatrix(matrix)
    affine = np.reshape(matrix.GetData(), (4, 4))
    affine[:3, 3] = (affine @ [*image.GetExtent()[::2], 1])[:3]
    assert_marked_at(AT_TURNED, array_of(image), affine)
