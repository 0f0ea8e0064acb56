"""Aligned data sets: heads come to lie alike, masks stay as they are."""

from __future__ import annotations

import numpy as np
import pytest
from phantoms import head
from scipy.spatial.transform import Rotation

from CraNeXtLib.alignment import bone_surface
from CraNeXtLib.datasets import DatasetCase, SkullPair, load_case, read_manifest
from CraNeXtLib.errors import InputError
from CraNeXtLib.preparation import align_dataset, align_pair
from CraNeXtLib.volume_files import write_volume
from CraNeXtLib.volumes import Volume

HEAD = head(spacing=(3.0, 3.0, 3.0), holes=(((40.0, 20.0, 60.0), 30.0), ((0.0, 0.0, -75.0), 45.0)))


def moved() -> SkullPair:
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz", [8, -4, 5], degrees=True).as_matrix()
    matrix[:3, 3] = (12, -30, 200)
    return SkullPair(
        *(Volume(mask.voxels, matrix @ mask.affine) for mask in (HEAD.complete, HEAD.defective, HEAD.implant))
    )


def test_a_moved_head_comes_back_without_resampling():
    pair = moved()
    back = align_pair(pair, bone_surface(HEAD.defective), kind="rigid")
    corners = np.array([[0, 0, 0], HEAD.complete.shape])
    assert np.abs(back.implant.to_ras(corners) - HEAD.complete.to_ras(corners)).max() < 3
    for role in ("complete", "defective", "implant"):
        assert np.array_equal(getattr(back, role).voxels, getattr(pair, role).voxels)
        assert np.array_equal(getattr(back, role).affine, back.complete.affine)


def test_an_aligned_data_set_is_written_with_its_manifest(tmp_path):
    pair = moved()
    write_volume(pair.complete, tmp_path / "complete.nrrd")
    write_volume(pair.implant, tmp_path / "implant.nrrd")
    files = {"complete": tmp_path / "complete.nrrd", "implant": tmp_path / "implant.nrrd"}
    cases = [
        DatasetCase(subject="1", kind="random-1", split="test", **files),
        DatasetCase(subject="2", complete=files["complete"]),
    ]
    aligned = align_dataset(cases, tmp_path / "aligned", HEAD.complete)
    assert read_manifest(tmp_path / "aligned" / "manifest.csv") == aligned
    assert [(c.subject, c.kind, c.split) for c in aligned] == [("1", "random-1", "test"), ("2", "", "")]
    loaded = load_case(aligned[0])
    assert np.array_equal(loaded.complete.voxels, pair.complete.voxels)
    assert np.abs(loaded.complete.affine[:3, 3] - HEAD.complete.affine[:3, 3]).max() < 5


def test_nothing_is_left_behind_when_a_case_cannot_be_used(tmp_path):
    with pytest.raises(InputError, match=r"missing\.nrrd"):
        align_dataset([DatasetCase(subject="1", complete=tmp_path / "missing.nrrd")], tmp_path / "out", HEAD.complete)
    assert list(tmp_path.iterdir()) == []
