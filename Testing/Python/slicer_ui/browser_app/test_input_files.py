"""Which files can be opened, and what they are taken for."""

import numpy as np
import pytest
from phantoms import every_second_voxel

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.resources import DEFECTIVE_SKULL
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import read_volume, write_volume
from CraNeXtLib.slicer_ui.browser_app.input_files import chosen_file, list_files, list_released, open_file


def test_volumes_meshes_and_folders_of_images_are_listed(tmp_path):
    for name in ("b/skull.nrrd", "a.stl", "notes.txt", ".hidden.nrrd", "b/deep/x.nii.gz"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    series = tmp_path / "series"
    series.mkdir()
    series.joinpath("IM0").write_bytes(bytes(128) + b"DICM")
    assert list_files(tmp_path) == ["a.stl", "b/deep/x.nii.gz", "b/skull.nrrd", "series"]


def test_released_cases_are_listed(tmp_path):
    for name in ("case/release.json", "b/deep/case/release.json", "open/result.json"):
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.touch()
    assert list_released(tmp_path) == ["b/deep/case", "case"]
    assert list_released(tmp_path / "case") == ["."]


@pytest.mark.parametrize("name", ["", "../secret.nrrd", "missing.nrrd", "/etc/passwd"])
def test_only_files_of_the_folder_are_opened(tmp_path, name):
    folder = tmp_path / "folder"
    folder.mkdir()
    tmp_path.joinpath("secret.nrrd").touch()
    with pytest.raises(InputError, match="Choose a file"):
        chosen_file(folder, name)


def test_values_below_zero_are_a_ct_and_a_mask_is_a_skull(tmp_path):
    mask = every_second_voxel(read_volume(DEFECTIVE_SKULL))
    write_volume(mask, tmp_path / "skull.nrrd")
    skull = open_file(tmp_path / "skull.nrrd")
    assert not skull.is_ct
    assert np.array_equal(skull.volume.voxels, mask.voxels != 0)
    values = np.where(mask.voxels != 0, 1000, -1000).astype(np.int16)
    write_volume(Volume(values, mask.affine), tmp_path / "ct.nrrd")
    ct = open_file(tmp_path / "ct.nrrd")
    assert ct.is_ct
    assert ct.volume.voxels.min() == -1000
    assert np.allclose(ct.volume.affine, mask.affine)
