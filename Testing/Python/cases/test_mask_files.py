"""Skull and implants come from files of one lattice, and each of them is a mask."""

import nibabel
import numpy as np
import pytest

from CraNeXtLib.anatomy.head import mesh_masks
from CraNeXtLib.cases.mask_files import PartFile, read_with_skull
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.mesh_formats.mesh_files import write_stl
from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import write_volume

AFFINE = np.array([[-4.0, 0, 0, 30], [0, -3.9, 0.3, 40], [0, 0.3, 3.9, -50], [0, 0, 0, 1]])
SKULL = np.zeros((20, 22, 24), bool)
SKULL[3:17, 3:19, 4:20] = True
IMPLANT = np.zeros_like(SKULL)
IMPLANT[8:12, 19:21, 6:15] = True


@pytest.fixture
def folder(tmp_path):
    write_volume(Volume(SKULL, AFFINE), tmp_path / "skull.nrrd")
    return tmp_path


def read(folder, voxels, affine=AFFINE, name="implant.nrrd", **options):
    write_volume(Volume(voxels, affine), folder / name)
    masks = read_with_skull(folder / "skull.nrrd", PartFile(folder / name, **options))
    return masks.skull, *masks.parts


def test_other_orders_directions_and_boxes_of_one_lattice_are_put_on_the_skulls_grid(folder):
    canonical = nibabel.as_closest_canonical(nibabel.Nifti1Image(IMPLANT.astype(np.uint8), AFFINE))
    turned = np.asanyarray(canonical.dataobj).transpose(2, 0, 1)
    cropped = Volume(IMPLANT, AFFINE).crop((slice(8, 12), slice(19, 21), slice(6, 15)))
    for voxels, affine in (
        (IMPLANT.astype(np.uint8), AFFINE),
        (turned, canonical.affine[:, [2, 0, 1, 3]]),
        (cropped.voxels, cropped.affine),
    ):
        for name in ("implant.nrrd", "implant.nii.gz"):
            skull, implant = read(folder, voxels, affine, name)
            np.testing.assert_array_equal(implant.voxels, IMPLANT)
            np.testing.assert_array_equal(skull.voxels, SKULL)
            np.testing.assert_allclose(implant.affine, skull.affine, atol=1e-5)


def test_an_implant_that_reaches_beyond_the_skulls_grid_is_kept_whole(folder):
    larger = np.pad(IMPLANT, ((0, 0), (0, 5), (0, 0)))
    larger[8:12, 21:25, 6:15] = True
    skull, implant = read(folder, larger)
    assert implant.voxels.sum() == larger.sum()
    assert skull.voxels.sum() == SKULL.sum()
    assert skull.has_geometry_of(implant)


def test_another_lattice_is_refused_with_both_geometries(folder):
    affine = AFFINE.copy()
    affine[:3, 3] += 1.9
    with pytest.raises(InputError, match=r"implant.nrrd \(20 x 22 x 24 voxels of .* skull.nrrd \(20 x 22 x 24 voxels"):
        read(folder, IMPLANT, affine)


def test_labels_of_an_implant_are_chosen_and_probabilities_refused(folder):
    labels = (SKULL + 2 * IMPLANT).astype(np.uint8)
    np.testing.assert_array_equal(read(folder, labels, segment="2")[1].voxels, IMPLANT)
    with pytest.raises(InputError, match=r"labels \(1, 2\); choose one with --implant-segment"):
        read(folder, labels)
    with pytest.raises(InputError, match=r"between 0 and 1.*threshold it"):
        read(folder, (IMPLANT * 0.7 + SKULL * 0.1).astype(np.float32))
    for value, dtype in ((0.999, np.float32), (255, np.float64), (7, np.int16)):
        np.testing.assert_array_equal(read(folder, (IMPLANT * value).astype(dtype))[1].voxels, IMPLANT)


def test_a_skull_in_centimeters_is_refused(folder):
    write_volume(Volume(SKULL, np.diag([0.1, 0.1, 0.1, 1]) @ AFFINE), folder / "small.nrrd")
    with pytest.raises(InputError, match="check its spacing and its unit"):
        read_with_skull(folder / "small.nrrd")


def test_an_inverted_or_filled_mask_is_no_implant(folder):
    large = np.diag([8.0, 8.0, 8.0, 1.0])  # the volume has 5407 mL
    write_volume(Volume(SKULL, large), folder / "skull.nrrd")
    for voxels in (~IMPLANT, np.ones_like(IMPLANT)):
        with pytest.raises(InputError, match=rf"implant.nrrd is {voxels.sum() * 0.512:.0f} mL large, more than any"):
            read(folder, voxels, large)


@pytest.mark.parametrize(("voxels_away", "accepted"), [(0, True), (7, True), (8, False), (100_000, False)])
def test_an_implant_far_beside_the_skull_is_refused(folder, voxels_away, accepted):
    """The skull ends with its voxel 18, the implant begins with 19; 7 voxels of 3.91 mm are 27 mm, 8 are 31 mm."""
    affine = AFFINE.copy()
    affine[:3, 3] += voxels_away * AFFINE[:3, 1]
    if accepted:
        assert read(folder, IMPLANT, affine)[1].voxels.sum() == IMPLANT.sum()
    else:
        with pytest.raises(InputError, match=r"implant.nrrd lies [0-9]+ mm beside the bone of skull.nrrd"):
            read(folder, IMPLANT, affine)


def test_meshes_beside_each_other_are_masks_of_one_grid_and_left_stays_left(tmp_path, monkeypatch):
    monkeypatch.setattr(mesh_masks, "_FINEST_MM", 1.0)
    monkeypatch.setattr(mesh_masks, "_COARSEST_MM", 1.0)
    skull, implant = Volume(SKULL, AFFINE), Volume(IMPLANT, AFFINE)
    for space in ("RAS", "LPS"):
        write_stl(surface_of(skull, iterations=0), tmp_path / "skull.stl", space=space)
        write_stl(surface_of(implant, iterations=0), tmp_path / "implant.stl", space=space)
        masks = read_with_skull(tmp_path / "skull.stl", PartFile(tmp_path / "implant.stl"))
        assert masks.space == space
        assert masks.skull.has_geometry_of(masks.parts[0])
        for mask, volume in ((masks.skull, skull), (masks.parts[0], implant)):
            there, here = (each.to_ras(np.argwhere(each.voxels)).mean(axis=0) for each in (mask, volume))
            np.testing.assert_allclose(there, here, atol=0.6)  # half a voxel
            volume_ml = mask.voxels.sum() * mask.voxel_volume_mm3 / 1000
            assert volume_ml == pytest.approx(surface_of(volume, iterations=0).volume_ml, rel=0.05)
