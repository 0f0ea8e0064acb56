"""A bent skull takes the other's shape, as far as asked, and belongs to the training skulls."""

from __future__ import annotations

import numpy as np
import pytest
from phantoms import head

from CraNeXtLib.anatomy.head.landmarks import skull_frame
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.datasets import bending
from CraNeXtLib.datasets.bending import bend_dataset, bend_skull
from CraNeXtLib.datasets.manifest import DatasetCase, read_manifest
from CraNeXtLib.datasets.skull_pair import load_case
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import write_volume

ROUND = head(spacing=(3.0, 3.0, 3.0), thickness_mm=9, holes=()).complete
NARROW = Volume(ROUND.voxels, np.diag([0.85, 1.0, 1.0, 1.0]) @ ROUND.affine)


@pytest.fixture(autouse=True)
def coarse(monkeypatch):
    monkeypatch.setattr(bending, "REGISTRATION_MM", 4.0)


def test_a_skull_bends_as_far_as_asked():
    def proportions(skull: Volume) -> float:
        frame = skull_frame(skull)
        return frame.width / frame.length

    half = bend_skull(ROUND, NARROW, amount=0.5, spacing_mm=2.5, iterations=(40, 20))
    assert proportions(half) == pytest.approx((proportions(ROUND) + proportions(NARROW)) / 2, abs=0.02)


def test_only_training_skulls_are_bent(tmp_path, monkeypatch):
    cases = []
    for subject, split in (("1", "training"), ("2", "training"), ("3", "test"), ("4", "validation")):
        path = tmp_path / f"{subject}.nrrd"
        write_volume(ROUND, path)
        cases.append(DatasetCase(subject=subject, complete=path, split=split))
    monkeypatch.setattr(bending, "bend_skull", lambda moving, _fixed, *, amount: moving if amount else None)
    made = bend_dataset(cases, tmp_path / "bent", count=3, seed=1)
    assert read_manifest(tmp_path / "bent" / "manifest.csv") == made
    assert {part for case in made for part in case.subject.split("-")[1::2]} <= {"1", "2"}
    assert {case.split for case in made} == {"training"}
    assert np.array_equal(load_case(made[0]).complete.voxels, ROUND.voxels)
    with pytest.raises(InputError, match="two skulls"):
        bend_dataset(cases[2:], tmp_path / "none", count=1)
